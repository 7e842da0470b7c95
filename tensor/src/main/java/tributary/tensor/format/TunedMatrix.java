package tributary.tensor.format;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;

/**
 * One tensor as the fine-tune has it, decoded from the base's and the difference a row at a time,
 * in fp32: {@code baseFactors[r] * base[r, c]} is rounded, then the sum with the code is.
 */
public final class TunedMatrix {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Reads one row into {@code out[0 .. columns)}. */
  private interface Rows {
    void read(int row, float[] out);
  }

  private final Shape shape;
  private final Rows rows;

  private TunedMatrix(Shape shape, Rows rows) {
    this.shape = shape;
    this.rows = rows;
  }

  /**
   * The tensor that {@code base} and {@code difference} make. Reads nothing yet; both must outlive
   * the result.
   *
   * @param base of floats; may be null when the difference replaces it
   */
  public static TunedMatrix of(@Nullable TensorView base, DeltaTensor difference) {
    return switch (difference) {
      case DeltaTensor.Replaced(var value) -> new TunedMatrix(value.shape(), rowsOf(value));
      case DeltaTensor.Coded coded -> coded(base, coded);
      case DeltaTensor.Archived _ ->
          throw new IllegalArgumentException("an archive is unpacked by its own codec");
    };
  }

  private static TunedMatrix coded(@Nullable TensorView base, DeltaTensor.Coded coded) {
    MatrixCode code = coded.code();
    Shape wanted = Shape.of(code.rows(), code.columns());
    if (base == null || !base.shape().equals(wanted)) {
      throw new IllegalArgumentException(
          "a code of %s was made for a base of that shape; found %s"
              .formatted(wanted, base == null ? "none" : base.shape()));
    }
    Rows known = codedRows(rowsOf(base), coded);
    TensorView added = coded.added();
    if (added == null) {
      return new TunedMatrix(wanted, known);
    }
    Rows further = rowsOf(added);
    return new TunedMatrix(
        Shape.of(code.rows() + added.shape().dimension(0), code.columns()),
        (row, out) -> {
          if (row < code.rows()) {
            known.read(row, out);
          } else {
            further.read(row - code.rows(), out);
          }
        });
  }

  private static Rows codedRows(Rows base, DeltaTensor.Coded coded) {
    float[] plain = new float[coded.code().columns()];
    return (row, out) -> {
      base.read(row, plain);
      coded.code().readRow(row, out);
      float factor = coded.baseFactor(row);
      for (int column = 0; column < plain.length; column++) {
        out[column] += factor * plain[column];
      }
    };
  }

  private static Rows rowsOf(TensorView view) {
    int columns = columns(view.shape());
    return (row, out) -> view.readFloats((long) row * columns, out, 0, columns);
  }

  private static int columns(Shape shape) {
    return shape.rank() == 0 ? 1 : Math.toIntExact(shape.dimension(shape.rank() - 1));
  }

  /** Of the fine-tune's tensor, rows that only it has included. */
  public Shape shape() {
    return shape;
  }

  /** Length of a row; a vector is a single one. */
  public int columns() {
    return columns(shape);
  }

  public int rows() {
    return columns() == 0 ? 0 : Math.toIntExact(shape.elements() / columns());
  }

  /** Decodes one row into {@code out[0 .. columns)}. One thread at a time. */
  public void readRow(int row, float[] out) {
    rows.read(row, out);
  }

  /** All of it, F32, in memory of {@code arena}. */
  public TensorView toDense(Arena arena) {
    long rowBytes = Math.multiplyExact(columns(), (long) Float.BYTES);
    MemorySegment dense = arena.allocate(Math.multiplyExact(rows(), rowBytes), Float.BYTES);
    float[] values = new float[columns()];
    for (int row = 0; row < rows(); row++) {
      readRow(row, values);
      MemorySegment.copy(values, 0, dense, FLOAT, row * rowBytes, values.length);
    }
    return new TensorView(DType.F32, shape, dense);
  }
}
