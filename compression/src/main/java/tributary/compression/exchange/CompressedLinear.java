package tributary.compression.exchange;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.SortedSet;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.TensorSource;

/**
 * The formats {@code pack-quantized} and {@code int-quantized} of compressed-tensors, with N
 * outputs, K inputs and G groups of inputs: {@code w[n, k] = weight_scale[n, g(k)] * (code[n, k] -
 * zero[n, g(k)])}, codes and zeros signed.
 *
 * <ul>
 *   <li>{@code weight_packed} I32 [N, ceil(K / p)], p = 32 / b whole numbers a word: code plus 2^(b
 *       - 1), along a row; {@code weight_shape} I64 [2] tells N and K;
 *   <li>or {@code weight} I8 [N, K];
 *   <li>{@code weight_scale} [N, G], [1, 1] or [1], floating;
 *   <li>{@code weight_zero_point}, where there is one: I8 [N, G], or I32 [ceil(N / p), G] packed
 *       down its columns;
 *   <li>{@code weight_g_idx} I32 [K], where there is one: the group of each input.
 * </ul>
 */
final class CompressedLinear implements PackedLinear {
  static final String PACKED = ".weight_packed";
  static final String WHOLE = ".weight";
  static final String SHAPE = ".weight_shape";
  static final String SCALE = ".weight_scale";
  static final String ZERO = ".weight_zero_point";
  static final String ORDER = ".weight_g_idx";

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int rows;
  private final int columns;
  private final int groups;
  private final Codes codes;
  private final TensorView scale;
  private final int[] groupOf;
  private final float[] zeros;

  /** Reads a code as the signed number that it stands for. */
  private interface Codes {
    int at(int row, int column);
  }

  /**
   * Reads the tensors of one layer.
   *
   * @param widths the numbers of bits that the checkpoint's configuration names
   */
  static CompressedLinear read(TensorSource source, String module, SortedSet<Integer> widths) {
    if (!source.names().contains(module + PACKED)) {
      TensorView whole = source.tensor(module + WHOLE);
      int[] size = size(module + WHOLE, whole.shape().dimensions());
      MemorySegment bytes = whole.data();
      int perRow = size[1];
      return new CompressedLinear(
          source,
          module,
          size,
          (row, column) -> bytes.get(ValueLayout.JAVA_BYTE, (long) row * perRow + column),
          Byte.SIZE);
    }
    TensorView shape = source.tensor(module + SHAPE);
    Words.requireShape(module + SHAPE, shape, DType.I64, Shape.of(2));
    int[] size =
        size(
            module + SHAPE,
            List.of(shape.data().getAtIndex(LONG, 0), shape.data().getAtIndex(LONG, 1)));
    TensorView packed = source.tensor(module + PACKED);
    int bits = bits(module, packed, size, widths);
    int perWord = Integer.SIZE / bits;
    int middle = 1 << (bits - 1);
    Words words =
        Words.of(module + PACKED, packed, Shape.of(size[0], Math.ceilDiv(size[1], perWord)), bits);
    return new CompressedLinear(
        source,
        module,
        size,
        (row, column) -> words.in(row, column / perWord, column % perWord) - middle,
        bits);
  }

  private CompressedLinear(TensorSource source, String module, int[] size, Codes codes, int bits) {
    this.rows = size[0];
    this.columns = size[1];
    this.codes = codes;
    this.scale = source.tensor(module + SCALE);
    long elements = scale.shape().elements();
    boolean matrix = scale.shape().rank() == 2 && scale.shape().dimension(0) == rows;
    this.groups = matrix ? Math.toIntExact(scale.shape().dimension(1)) : 1;
    if ((!matrix && elements != 1) || groups < 1 || groups > columns) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "%s: found %s for %d outputs and %d inputs, wanted [outputs, groups] or one number"
              .formatted(module + SCALE, scale.shape(), rows, columns));
    }
    this.groupOf = groups(source, module);
    this.zeros = zeros(source, module, bits);
  }

  private static int[] size(String name, List<Long> dimensions) {
    if (dimensions.size() == 2
        && dimensions.stream().allMatch(d -> d >= 1 && d <= Integer.MAX_VALUE)) {
      return new int[] {dimensions.get(0).intValue(), dimensions.get(1).intValue()};
    }
    throw new TributaryException(
        ErrorCode.TENSOR_SHAPE,
        "%s: found %s, wanted [outputs, inputs]".formatted(name, dimensions));
  }

  private static int bits(String module, TensorView packed, int[] size, SortedSet<Integer> widths) {
    for (int bits : widths) {
      Shape wanted = Shape.of(size[0], Math.ceilDiv(size[1], Integer.SIZE / bits));
      if (packed.shape().equals(wanted)) {
        return bits;
      }
    }
    throw new TributaryException(
        ErrorCode.TENSOR_SHAPE,
        "%s: %s holds no %d x %d codes of %s bits"
            .formatted(module + PACKED, packed.shape(), size[0], size[1], widths));
  }

  private int[] groups(TensorSource source, String module) {
    int[] found = new int[columns];
    if (!source.names().contains(module + ORDER)) {
      int perGroup = Math.ceilDiv(columns, groups);
      for (int column = 0; column < columns; column++) {
        found[column] = column / perGroup;
      }
      return found;
    }
    TensorView order = source.tensor(module + ORDER);
    Words.requireShape(module + ORDER, order, DType.I32, Shape.of(columns));
    for (int column = 0; column < columns; column++) {
      // A checkpoint that was not reordered after all says -1 throughout.
      int group = order.data().getAtIndex(INT, column);
      found[column] = group == -1 ? column / Math.ceilDiv(columns, groups) : group;
      if (found[column] < 0 || found[column] >= groups) {
        throw new TributaryException(
            ErrorCode.TENSOR_SHAPE,
            "%s: input %d is of group %d; there are %d"
                .formatted(module + ORDER, column, group, groups));
      }
    }
    return found;
  }

  private float[] zeros(TensorSource source, String module, int bits) {
    float[] found = new float[Math.multiplyExact(rows, groups)];
    if (!source.names().contains(module + ZERO)) {
      return found;
    }
    TensorView stored = source.tensor(module + ZERO);
    if (stored.type() == DType.I32) {
      int perWord = Integer.SIZE / bits;
      Words words =
          Words.of(module + ZERO, stored, Shape.of(Math.ceilDiv(rows, perWord), groups), bits);
      for (int i = 0; i < found.length; i++) {
        int row = i / groups;
        found[i] = words.in(row / perWord, i % groups, row % perWord) - (1 << (bits - 1));
      }
      return found;
    }
    if (stored.type() != DType.I8 || stored.shape().elements() != found.length) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "%s: found %s %s, wanted I8 or packed I32 for %d outputs and %d groups"
              .formatted(module + ZERO, stored.type(), stored.shape(), rows, groups));
    }
    for (int i = 0; i < found.length; i++) {
      found[i] = stored.data().get(ValueLayout.JAVA_BYTE, i);
    }
    return found;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int columns() {
    return columns;
  }

  @Override
  public void readRow(int row, float[] out) {
    boolean single = scale.shape().elements() == 1;
    for (int column = 0; column < columns; column++) {
      int at = row * groups + groupOf[column];
      out[column] = scale.getFloat(single ? 0 : at) * (codes.at(row, column) - zeros[at]);
    }
  }
}
