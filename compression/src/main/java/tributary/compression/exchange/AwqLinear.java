package tributary.compression.exchange;

import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.TensorSource;

/**
 * AWQ's format of version {@code gemm}, 4 bits, with K inputs, N outputs and G groups of
 * neighbouring inputs: {@code w[n, k] = scale[g, n] * (code[k, n] - zero[g, n])}, with codes I32
 * [K, N / 8], zeros I32 [G, N / 8] and scales [G, N] under GPTQ's names. The eight outputs of a
 * word lie in it as {@link #PLACES} says.
 */
record AwqLinear(int rows, int columns, Words codes, Words zeros, TensorView scales)
    implements PackedLinear {
  static final int BITS = 4;

  private static final int PER_WORD = Integer.SIZE / BITS;

  /** From the lowest bits up a word holds outputs 0, 2, 4, 6, 1, 3, 5, 7; so output i is here. */
  private static final int[] PLACES = {0, 4, 1, 5, 2, 6, 3, 7};

  /** Reads the tensors of one layer. */
  static AwqLinear read(TensorSource source, String module) {
    TensorView codes = source.tensor(module + GptqLinear.CODES);
    TensorView scales = source.tensor(module + GptqLinear.SCALES);
    if (codes.shape().rank() != 2 || scales.shape().rank() != 2) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "%s: qweight %s and scales %s must be matrices"
              .formatted(module, codes.shape(), scales.shape()));
    }
    int columns = Math.toIntExact(codes.shape().dimension(0));
    int rows = Math.toIntExact(codes.shape().dimension(1) * PER_WORD);
    long groups = scales.shape().dimension(0);
    if (groups < 1 || columns % groups != 0 || scales.shape().dimension(1) != rows) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "%s: found %s for %d inputs and %d outputs, wanted [groups, outputs]"
              .formatted(module + GptqLinear.SCALES, scales.shape(), columns, rows));
    }
    String zeros = module + GptqLinear.ZEROS;
    return new AwqLinear(
        rows,
        columns,
        Words.of(module + GptqLinear.CODES, codes, codes.shape(), BITS),
        Words.of(zeros, source.tensor(zeros), Shape.of(groups, rows / PER_WORD), BITS),
        scales);
  }

  @Override
  public void readRow(int row, float[] out) {
    int word = row / PER_WORD;
    int place = PLACES[row % PER_WORD];
    int perGroup = columns / Math.toIntExact(scales.shape().dimension(0));
    for (int column = 0; column < columns; column++) {
      int group = column / perGroup;
      int distance = codes.in(column, word, place) - zeros.in(group, word, place);
      out[column] = scales.getFloat((long) group * rows + row) * distance;
    }
  }
}
