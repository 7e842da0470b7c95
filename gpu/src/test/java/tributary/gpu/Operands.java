package tributary.gpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.RandomCodes;
import tributary.tensor.format.SignPlanes;

/** Random operands of kernels, all from one seed. */
final class Operands {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  static final List<DType> TYPES = List.of(DType.F32, DType.F16, DType.BF16);

  private final SplittableRandom random;
  private final RandomCodes codes;

  Operands(long seed) {
    this.random = new SplittableRandom(seed);
    this.codes = new RandomCodes(random);
  }

  RandomCodes codes() {
    return codes;
  }

  SplittableRandom random() {
    return random;
  }

  float[] values(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }

  /** A matrix of values in (-1, 1), one byte off any alignment. */
  TensorView matrix(DType type, int rows, int columns) {
    return view(type, Shape.of(rows, columns), values(rows * columns));
  }

  static TensorView view(DType type, Shape shape, float[] values) {
    long bytes = (long) values.length * type.bytes();
    MemorySegment data = Arena.ofAuto().allocate(bytes + 1).asSlice(1, bytes);
    for (int i = 0; i < values.length; i++) {
      switch (type) {
        case F32 -> data.set(FLOAT, 4L * i, values[i]);
        case BF16 -> data.set(SHORT, 2L * i, (short) (Float.floatToRawIntBits(values[i]) >>> 16));
        case F16 -> data.set(SHORT, 2L * i, Float.floatToFloat16(values[i]));
        case F64, I64, U64, I32, U32, I16, U16, I8, U8, BOOL ->
            throw new IllegalArgumentException(type.name());
      }
    }
    return new TensorView(type, shape, data);
  }

  /** Planes with falling scales, one per row or one in all. */
  SignPlanes planes(int rows, int columns, int count) {
    return codes.signs(rows, columns, count, false);
  }

  /** One of the kinds of difference. */
  DeltaTensor delta(int rows, int columns) {
    DType floats = TYPES.get(random.nextInt(TYPES.size()));
    return random.nextInt(5) == 0
        ? new DeltaTensor.Replaced(matrix(floats, rows + random.nextInt(4), columns))
        : coded(codes.any(rows, columns));
  }

  /** A code, perhaps over multiplied base rows, perhaps with rows of its own. */
  DeltaTensor.Coded coded(MatrixCode code) {
    DType floats = TYPES.get(random.nextInt(TYPES.size()));
    return new DeltaTensor.Coded(
        code,
        random.nextInt(3) == 0 ? values(code.rows()) : null,
        random.nextInt(3) == 0 ? matrix(floats, 1 + random.nextInt(4), code.columns()) : null);
  }

  /** Some runs within {@code rows} rows: gaps, neighbours that share an operand, single rows. */
  <T> List<RowRun<T>> runs(int rows, List<T> operands) {
    var runs = new ArrayList<RowRun<T>>();
    int row = random.nextInt(2);
    while (row < rows && !operands.isEmpty()) {
      int length = 1 + random.nextInt(Math.min(6, rows - row));
      runs.add(new RowRun<>(row, length, operands.get(random.nextInt(operands.size()))));
      row += length + (random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 0);
    }
    return runs;
  }

  static Activations activations(Backend backend, int rows, int columns, float[] values) {
    Activations activations = backend.activations(rows, columns);
    for (int row = 0; row < rows; row++) {
      activations.writeRow(row, Arrays.copyOfRange(values, row * columns, (row + 1) * columns));
    }
    return activations;
  }

  /** A result yet to be written: what stays NaN was forgotten. */
  static Activations unwritten(Backend backend, int rows, int columns) {
    float[] values = new float[rows * columns];
    Arrays.fill(values, Float.NaN);
    return activations(backend, rows, columns, values);
  }

  static float[] valuesOf(Activations activations) {
    float[] all = new float[activations.rows() * activations.columns()];
    float[] row = new float[activations.columns()];
    for (int i = 0; i < activations.rows(); i++) {
      activations.readRow(i, row);
      System.arraycopy(row, 0, all, i * row.length, row.length);
    }
    return all;
  }
}
