package tributary.tensor.format;

import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;
import tributary.protocol.Bytes;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;

/**
 * A product of two thin matrices, as LoRA has it: {@code D[r, c] = scale * sum over k of up[r, k] *
 * down[k, c]}.
 *
 * <pre>
 * up    F32, F16 or BF16 [rows, rank]       row-major
 * down  F32, F16 or BF16 [rank, columns]    row-major
 * </pre>
 */
public record LowRank(TensorView up, TensorView down, float scale) implements MatrixCode {
  public LowRank {
    requireMatrix("up", up);
    requireMatrix("down", down);
    if (up.shape().dimension(1) != down.shape().dimension(0)) {
      throw new IllegalArgumentException(
          "low rank: up is %s and down %s; they must share the rank"
              .formatted(up.shape(), down.shape()));
    }
    MatrixCode.requireFinite("low rank: scale", new float[] {scale});
  }

  /** No difference at all, of a size. */
  public static LowRank nothing(int rows, int columns) {
    return new LowRank(
        TensorView.of(Shape.of(rows, 1), new float[rows]),
        TensorView.of(Shape.of(1, columns), new float[columns]),
        1);
  }

  public int rank() {
    return Math.toIntExact(down.shape().dimension(0));
  }

  @Override
  public int rows() {
    return Math.toIntExact(up.shape().dimension(0));
  }

  @Override
  public int columns() {
    return Math.toIntExact(down.shape().dimension(1));
  }

  @Override
  public float value(int row, int column) {
    double sum = 0;
    for (int k = 0; k < rank(); k++) {
      sum +=
          (double) up.getFloat((long) row * rank() + k)
              * down.getFloat((long) k * columns() + column);
    }
    return (float) (scale * sum);
  }

  @Override
  public Stream<MemorySegment> codeSegments() {
    return Stream.of(up.data(), down.data());
  }

  @Override
  public Bytes size() {
    return new Bytes(MatrixCode.bytesOf(up.data(), down.data()) + Float.BYTES);
  }

  private static void requireMatrix(String what, TensorView view) {
    DType type = view.type();
    boolean floats = type == DType.F32 || type == DType.F16 || type == DType.BF16;
    if (!floats || view.shape().rank() != 2 || view.shape().elements() == 0) {
      throw new IllegalArgumentException(
          "low rank: %s is %s %s; wanted a matrix of F32, F16 or BF16"
              .formatted(what, type, view.shape()));
    }
  }
}
