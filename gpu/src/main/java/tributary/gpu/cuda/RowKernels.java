package tributary.gpu.cuda;

import tributary.gpu.cuda.driver.Arguments;
import tributary.gpu.cuda.driver.LaunchShape;
import tributary.gpu.cuda.driver.LaunchShape.Grid;

/**
 * Launches the kernels that give each row blocks of its own. Contracts: {@code
 * embedding_gather.cu}, {@code rms_norm.cu}, {@code bias.cu}, {@code argmax.cu} and {@code
 * draw.cu}.
 *
 * @param step address of the batch's description
 * @param rows of the launch
 */
record RowKernels(Launcher launcher, long step, int rows) {
  private static final int THREADS = 256;
  private static final int NORM_THREADS = 512;
  private static final int CHOICE_THREADS = 1024;
  static final int NORM_COLUMNS_MAX = 16_384;

  void gather(long out, long weight, int slot, int baseOutputs, int columns) {
    require(columns % 8 == 0, "embedding gather", columns);
    launcher.overlapping(
        "embedding_gather",
        "embedding_gather_f32",
        blocks(THREADS),
        new Arguments()
            .address(out)
            .address(weight)
            .address(step)
            .number(slot)
            .number(baseOutputs)
            .number(columns));
  }

  void norm(long out, long x, VectorOperand weight, int columns, float epsilon) {
    require(columns % 8 == 0 && columns <= NORM_COLUMNS_MAX, "rms norm", columns);
    launcher.overlapping(
        "rms_norm",
        "rms_norm_bf16",
        blocks(NORM_THREADS),
        new Arguments()
            .address(out)
            .address(x)
            .address(weight.address())
            .address(step)
            .number(weight.slot())
            .number(columns)
            .number(epsilon));
  }

  /**
   * A vector of the base, and where tenants' own are found.
   *
   * @param address of fp32 values; 0 where the base has none
   */
  record VectorOperand(int slot, long address) {}

  /**
   * Columns [first, first + count) of a matrix.
   *
   * @param address of its first row
   * @param pitch values from a row to the next
   */
  record Columns(long address, int first, int count, int pitch) {}

  void addBias(Columns out, VectorOperand bias, boolean halves) {
    launcher.overlapping(
        "bias",
        halves ? "add_bias_bf16" : "add_bias_f32",
        blocks(THREADS),
        new Arguments()
            .address(out.address)
            .address(bias.address)
            .address(step)
            .number(bias.slot)
            .number(out.first)
            .number(out.count)
            .number(out.pitch));
  }

  void gatedBias(long out, long gateUp, VectorOperand gate, VectorOperand up, int columns) {
    require(columns % 8 == 0, "gated bias", columns);
    launcher.overlapping(
        "bias",
        "gated_bias_bf16",
        blocks(THREADS),
        new Arguments()
            .address(out)
            .address(gateUp)
            .address(gate.address)
            .address(up.address)
            .address(step)
            .number(gate.slot)
            .number(up.slot)
            .number(columns));
  }

  void argmax(long out, long logits, int outputs) {
    launcher.overlapping(
        "argmax",
        "argmax_f32",
        blocks(CHOICE_THREADS),
        new Arguments().address(out).address(logits).number(outputs));
  }

  void draw(long out, long logits, int outputs) {
    launcher.overlapping(
        "draw",
        "draw_f32",
        blocks(CHOICE_THREADS),
        new Arguments()
            .address(out)
            .address(logits)
            .address(StepLayout.draws(step))
            .number(outputs));
  }

  private LaunchShape blocks(int threads) {
    return new LaunchShape(new Grid(rows, 1, 1), threads, 0, 1, true);
  }

  private static void require(boolean holds, String kernel, int columns) {
    if (!holds) {
      throw new IllegalArgumentException(
          "%s: columns=%d must be a multiple of 8 and at most %d"
              .formatted(kernel, columns, NORM_COLUMNS_MAX));
    }
  }
}
