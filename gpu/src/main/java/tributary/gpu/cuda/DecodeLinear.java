package tributary.gpu.cuda;

/**
 * Linear layers of few rows: every tenant's differences in the base's own launch.
 *
 * @param inBlocks what rows' tenants may differ in; none when all rows are the base's
 * @param inHead the same of the head
 */
record DecodeLinear(
    CudaModel model,
    StepBuffers buffers,
    Launcher launcher,
    int rows,
    FusedLinear.Kinds inBlocks,
    FusedLinear.Kinds inHead)
    implements StepLaunches.Linear {

  /** What cannot be asked of a device while launches are recorded. */
  void prepare() {
    for (int slot = 0; slot < model.projections().size(); slot++) {
      if (slot != model.embedding()) {
        var _ = model.device().linear().prepare(launcher, extent(slot));
      }
    }
  }

  @Override
  public void multiply(int slot, long out, long x, FusedLinear.Finish finish) {
    model
        .device()
        .linear()
        .launch(
            launcher,
            new FusedLinear.Operands(
                out,
                x,
                model.weights(slot),
                buffers.step(),
                buffers.difference(),
                buffers.arrivals(),
                slot,
                model.projections().get(slot).outputs(),
                extent(slot),
                finish));
  }

  /**
   * Logits of the normed rows, and the choices.
   *
   * @param draws of which some may be other than the likeliest
   */
  void head(RowKernels rowKernels, boolean draws) {
    multiply(
        model.head(),
        buffers.logits(),
        buffers.activations().normed(),
        FusedLinear.Finish.STORE_F32);
    if (draws) {
      rowKernels.draw(buffers.choices(), buffers.logits(), buffers.vocabulary());
    } else {
      rowKernels.argmax(buffers.choices(), buffers.logits(), buffers.vocabulary());
    }
  }

  private FusedLinear.Extent extent(int slot) {
    Projection projection = model.projections().get(slot);
    int outputs = slot == model.head() ? buffers.vocabulary() : projection.outputs();
    FusedLinear.Kinds own = slot == model.head() ? inHead : inBlocks;
    FusedLinear.Kinds kinds = model.differs(slot) ? own : FusedLinear.Kinds.NONE;
    return new FusedLinear.Extent(rows, projection.columns(), outputs, kinds);
  }
}
