package tributary.gpu.cuda;

import tributary.gpu.KvShape;
import tributary.gpu.Rope;

/** The launches of a step of a fixed number of rows, in order. */
final class StepLaunches {
  private final CudaModel model;
  private final StepBuffers buffers;
  private final KvShape shape;
  private final Launcher launcher;
  private final RowKernels rowKernels;
  private final AttentionKernels attention;
  private final int rows;
  private final boolean forTenants;

  /**
   * @param forTenants true when rows may be of tenants, false when all are the base's
   */
  StepLaunches(
      CudaModel model, StepBuffers buffers, Launcher launcher, int rows, boolean forTenants) {
    this.model = model;
    this.buffers = buffers;
    this.shape = buffers.shape();
    this.rows = rows;
    this.forTenants = forTenants;
    this.launcher = launcher;
    this.rowKernels = new RowKernels(launcher, buffers.step(), rows);
    this.attention =
        new AttentionKernels(
            launcher,
            new AttentionKernels.Cache(
                buffers.step(), buffers.step() + StepLayout.BYTES, buffers.cache(), shape),
            model.plan().attended() / shape.headSize(),
            rows);
  }

  /** What cannot be asked of a device while launches are recorded. */
  void prepare() {
    for (int slot = 0; slot < model.projections().size(); slot++) {
      if (slot != model.embedding()) {
        model.device().linear().prepare(launcher, extent(slot));
      }
    }
  }

  /**
   * Launches everything.
   *
   * @param head logits and choices too
   * @param draws of which some may be other than the likeliest
   * @param biased with the biases of the base and the tenants
   */
  void all(boolean head, boolean draws, boolean biased) {
    for (DeviceOp op : model.plan().ops()) {
      if (head || !endsStep(op)) {
        launch(op, biased);
      }
    }
    if (head && draws) {
      rowKernels.draw(buffers.choices(), buffers.logits(), buffers.vocabulary());
    } else if (head) {
      rowKernels.argmax(buffers.choices(), buffers.logits(), buffers.vocabulary());
    }
  }

  private static boolean endsStep(DeviceOp op) {
    return op instanceof DeviceOp.Head;
  }

  private void launch(DeviceOp op, boolean biased) {
    switch (op) {
      case DeviceOp.Embed(var slot) -> {
        Projection embedding = model.projections().get(slot);
        rowKernels.gather(
            buffers.residual(),
            model.weights(slot),
            slot,
            embedding.outputs(),
            embedding.columns());
      }
      case DeviceOp.Normalize(var vector, var epsilon) ->
          rowKernels.norm(
              buffers.normed(),
              buffers.residual(),
              model.vector(vector),
              model.plan().hidden(),
              epsilon);
      case DeviceOp.QueryKeyValue(var slot) ->
          multiply(slot, buffers.qkv(), buffers.normed(), FusedLinear.Finish.STORE_BF16);
      case DeviceOp.QueryKeyValueBias bias -> {
        if (biased) {
          addBias(bias);
        }
      }
      case DeviceOp.Rotate(var frequencies, var layer) -> rotate(frequencies, layer);
      case DeviceOp.Attend(var layer, var scale) ->
          attention.attend(buffers.attended(), buffers.qkv(), layer, scale);
      case DeviceOp.AddProjection(var slot, var ofAttended) ->
          multiply(
              slot,
              buffers.residual(),
              ofAttended ? buffers.attended() : buffers.inner(),
              FusedLinear.Finish.ADD_F32);
      case DeviceOp.ResidualBias(var vector) -> {
        if (biased) {
          int hidden = model.plan().hidden();
          rowKernels.addBias(
              new RowKernels.Columns(buffers.residual(), 0, hidden, hidden),
              model.vector(vector),
              false);
        }
      }
      case DeviceOp.GateUp gateUp -> gateUp(gateUp, biased);
      case DeviceOp.Head(var slot) ->
          multiply(slot, buffers.logits(), buffers.normed(), FusedLinear.Finish.STORE_F32);
    }
  }

  private void addBias(DeviceOp.QueryKeyValueBias bias) {
    rowKernels.addBias(
        new RowKernels.Columns(
            buffers.qkv(),
            bias.firstColumn(),
            bias.columns(),
            StepBuffers.qkvColumns(model.plan(), shape)),
        model.vector(bias.vector()),
        true);
  }

  private void rotate(Rope.Frequencies frequencies, int layer) {
    attention.rotate(
        buffers.qkv(),
        model.speeds(frequencies),
        2 * frequencies.inverseFrequencies().length,
        frequencies.scale(),
        layer);
  }

  private void gateUp(DeviceOp.GateUp gateUp, boolean biased) {
    int slot = gateUp.projection();
    if (!biased || gateUp.gateBias() < 0 || gateUp.upBias() < 0) {
      multiply(slot, buffers.inner(), buffers.normed(), FusedLinear.Finish.SILU_BF16);
      return;
    }
    multiply(slot, buffers.gateUp(), buffers.normed(), FusedLinear.Finish.STORE_BF16);
    rowKernels.gatedBias(
        buffers.inner(),
        buffers.gateUp(),
        model.vector(gateUp.gateBias()),
        model.vector(gateUp.upBias()),
        model.plan().inner());
  }

  private void multiply(int slot, long out, long x, FusedLinear.Finish finish) {
    Projection projection = model.projections().get(slot);
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
                projection.outputs(),
                extent(slot),
                finish));
  }

  private FusedLinear.Extent extent(int slot) {
    Projection projection = model.projections().get(slot);
    int outputs = slot == model.head() ? buffers.vocabulary() : projection.outputs();
    boolean differs = forTenants && model.differs(slot);
    return new FusedLinear.Extent(rows, projection.columns(), outputs, differs);
  }
}
