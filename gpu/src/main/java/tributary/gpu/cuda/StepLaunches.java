package tributary.gpu.cuda;

/** The launches of a step, in order, up to the normed rows that its head reads. */
final class StepLaunches {
  /** Multiplies all rows by a projection, each by its own variant's. */
  interface Linear {
    /**
     * @param out address of rows of the projection's outputs
     * @param x address of bf16 rows
     */
    void multiply(int slot, long out, long x, FusedLinear.Finish finish);
  }

  private final CudaModel model;
  private final Activations activations;
  private final RowKernels rowKernels;
  private final AttentionKernels attention;
  private final Linear linear;

  StepLaunches(
      CudaModel model,
      Activations activations,
      RowKernels rowKernels,
      AttentionKernels attention,
      Linear linear) {
    this.model = model;
    this.activations = activations;
    this.rowKernels = rowKernels;
    this.attention = attention;
    this.linear = linear;
  }

  /**
   * Launches everything but the head.
   *
   * @param biased with the biases of the base and the tenants
   */
  void layers(boolean biased) {
    for (DeviceOp op : model.plan().ops()) {
      launch(op, biased);
    }
  }

  private void launch(DeviceOp op, boolean biased) {
    switch (op) {
      case DeviceOp.Embed(var slot) -> {
        Projection embedding = model.projections().get(slot);
        rowKernels.gather(
            activations.residual(),
            model.weights(slot),
            slot,
            embedding.outputs(),
            embedding.columns());
      }
      case DeviceOp.Normalize(var vector, var epsilon) ->
          rowKernels.norm(
              activations.normed(),
              activations.residual(),
              model.vector(vector),
              model.plan().hidden(),
              epsilon);
      case DeviceOp.QueryKeyValue(var slot) ->
          linear.multiply(
              slot, activations.qkv(), activations.normed(), FusedLinear.Finish.STORE_BF16);
      case DeviceOp.QueryKeyValueBias bias -> {
        if (biased) {
          addBias(bias);
        }
      }
      case DeviceOp.Attend(var frequencies, var layer, var scale) ->
          attention.attend(
              activations.attended(),
              activations.qkv(),
              new AttentionKernels.Rotation(
                  model.speeds(frequencies),
                  2 * frequencies.inverseFrequencies().length,
                  frequencies.scale()),
              layer,
              scale);
      case DeviceOp.AddProjection(var slot, var ofAttended) ->
          linear.multiply(
              slot,
              activations.residual(),
              ofAttended ? activations.attended() : activations.inner(),
              FusedLinear.Finish.ADD_F32);
      case DeviceOp.ResidualBias(var vector) -> {
        if (biased) {
          int hidden = model.plan().hidden();
          rowKernels.addBias(
              new RowKernels.Columns(activations.residual(), 0, hidden, hidden),
              model.vector(vector),
              false);
        }
      }
      case DeviceOp.GateUp gateUp -> gateUp(gateUp, biased);
      case DeviceOp.Head _ -> {}
    }
  }

  private void addBias(DeviceOp.QueryKeyValueBias bias) {
    rowKernels.addBias(
        new RowKernels.Columns(
            activations.qkv(),
            bias.firstColumn(),
            bias.columns(),
            Activations.qkvColumns(model.plan(), attention.shape())),
        model.vector(bias.vector()),
        true);
  }

  private void gateUp(DeviceOp.GateUp gateUp, boolean biased) {
    int slot = gateUp.projection();
    if (!biased || gateUp.gateBias() < 0 || gateUp.upBias() < 0) {
      linear.multiply(
          slot, activations.inner(), activations.normed(), FusedLinear.Finish.SILU_BF16);
      return;
    }
    linear.multiply(
        slot, activations.gateUp(), activations.normed(), FusedLinear.Finish.STORE_BF16);
    rowKernels.gatedBias(
        activations.inner(),
        activations.gateUp(),
        model.vector(gateUp.gateBias()),
        model.vector(gateUp.upBias()),
        model.plan().inner());
  }
}
