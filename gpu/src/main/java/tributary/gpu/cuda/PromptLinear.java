package tributary.gpu.cuda;

/** Linear layers of many rows. */
record PromptLinear(CudaModel model, Launcher launcher, StepPart part, long step)
    implements StepLaunches.Linear {
  @Override
  public void multiply(int slot, long out, long x, FusedLinear.Finish finish) {
    throw new UnsupportedOperationException("slot " + slot);
  }
}
