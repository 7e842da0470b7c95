package tributary.compression.exchange;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.TensorSource;

/**
 * GPTQ's format, with K inputs, N outputs, G groups of inputs and b bits: {@code w[n, k] =
 * scales[g(k), n] * (code[k, n] - zero[g(k), n])}.
 *
 * <ul>
 *   <li>under {@value #CODES} I32 [K b / 32, N]: the codes of an output are one stream down its
 *       column;
 *   <li>under {@value #ZEROS} I32 [G, N b / 32]: the zeros of a group are one stream along its row,
 *       each one less than it counts, but in the second version of the format;
 *   <li>under {@value #SCALES} [G, N], floating;
 *   <li>under {@value #GROUPS} I32 [K], where there is one: the group of each input. Without,
 *       groups are neighbours.
 * </ul>
 */
record GptqLinear(
    int rows,
    int columns,
    Words codes,
    Words zeros,
    int zeroOffset,
    TensorView scales,
    @Nullable TensorView groups)
    implements PackedLinear {
  static final String CODES = ".qweight";
  static final String ZEROS = ".qzeros";
  static final String SCALES = ".scales";
  static final String GROUPS = ".g_idx";

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * Reads the tensors of one layer.
   *
   * @param bits 2, 3, 4 or 8
   * @param zeroOffset what is added to a stored zero
   */
  static GptqLinear read(TensorSource source, String module, int bits, int zeroOffset) {
    TensorView codes = source.tensor(module + CODES);
    TensorView scales = source.tensor(module + SCALES);
    long words = codes.shape().rank() == 2 ? codes.shape().dimension(0) : 0;
    int columns = Math.toIntExact(words * Integer.SIZE / bits);
    int rows = Math.toIntExact(codes.shape().rank() == 2 ? codes.shape().dimension(1) : 0);
    long groups = scales.shape().rank() == 2 ? scales.shape().dimension(0) : 0;
    if (groups < 1 || groups > columns || !scales.shape().equals(Shape.of(groups, rows))) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "%s: found %s for %d inputs and %d outputs, wanted [groups, outputs]"
              .formatted(module + SCALES, scales.shape(), columns, rows));
    }
    TensorView order = null;
    if (source.names().contains(module + GROUPS)) {
      order = source.tensor(module + GROUPS);
      Words.requireShape(module + GROUPS, order, DType.I32, Shape.of(columns));
      requireGroups(module, order, groups);
    }
    return new GptqLinear(
        rows,
        columns,
        Words.of(module + CODES, codes, Shape.of(Words.length(columns, bits), rows), bits),
        Words.of(
            module + ZEROS,
            source.tensor(module + ZEROS),
            Shape.of(groups, Words.length(rows, bits)),
            bits),
        zeroOffset,
        scales,
        order);
  }

  private static void requireGroups(String module, TensorView order, long groups) {
    for (int column = 0; column < order.shape().dimension(0); column++) {
      int group = order.data().getAtIndex(INT, column);
      if (group < 0 || group >= groups) {
        throw new TributaryException(
            ErrorCode.TENSOR_SHAPE,
            "%s: input %d is of group %d; there are %d"
                .formatted(module + GROUPS, column, group, groups));
      }
    }
  }

  int code(int row, int column) {
    return codes.down(row, column);
  }

  int zero(int row, int group) {
    return zeros.along(group, row) + zeroOffset;
  }

  float scale(int row, int group) {
    return scales.getFloat((long) group * rows + row);
  }

  int group(int column) {
    if (groups != null) {
      return groups.data().getAtIndex(INT, column);
    }
    int count = Math.toIntExact(scales.shape().dimension(0));
    return column / Math.ceilDiv(columns, count);
  }

  @Override
  public void readRow(int row, float[] out) {
    for (int column = 0; column < columns; column++) {
      int group = group(column);
      out[column] = scale(row, group) * (code(row, column) - zero(row, group));
    }
  }
}
