package tributary.gpu.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import tributary.gpu.host.HostMatrix;
import tributary.tensor.format.MatrixCode;

/** What one thread needs beside operands; grows to the largest matrix seen. */
final class Scratch {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Sixteen vectors of partial sums. */
  final float[] vectors = new float[16 * Lanes.COUNT];

  /** Their sums. */
  final float[] sums = new float[16];

  /** What {@link WeightRows#fourByFour} read ahead; of no meaning. */
  long touched;

  private short[] halves = new short[0];
  private float[] plain = new float[0];
  private float[] widened = new float[0];
  private float[] scores = new float[0];

  /** Rows [first, first + count) of a matrix, widened; valid until the next call. */
  WeightRows.Widened widen(HostMatrix matrix, int first, int count) {
    WeightRows.Widened rows = room(matrix.columns(), first, count);
    for (int i = 0; i < count; i++) {
      rows.set(first + i, plainRow(matrix, first + i), matrix.columns());
    }
    return rows;
  }

  /** Rows [first, first + count) of a code, decoded; valid until the next call. */
  WeightRows.Widened decode(MatrixCode code, int first, int count) {
    WeightRows.Widened rows = room(code.columns(), first, count);
    for (int i = 0; i < count; i++) {
      rows.set(first + i, plainRow(code, first + i), code.columns());
    }
    return rows;
  }

  private WeightRows.Widened room(int columns, int first, int count) {
    int length = SplitOrder.length(columns);
    if (widened.length < count * length) {
      widened = new float[count * length];
    }
    return new WeightRows.Widened(widened, first, length);
  }

  /** Room for {@code count} attention scores. */
  float[] scores(int count) {
    if (scores.length < count) {
      scores = new float[Math.max(count, 2 * scores.length)];
    }
    return scores;
  }

  /** One row of a code in its own order; valid until the next call. */
  float[] plainRow(MatrixCode code, int row) {
    growPlain(code.columns());
    code.readRow(row, plain);
    return plain;
  }

  private void growPlain(int columns) {
    if (plain.length < columns) {
      plain = new float[columns];
      halves = new short[columns];
    }
  }

  /** One row of a matrix in its own order; valid until the next call. */
  float[] plainRow(HostMatrix matrix, int row) {
    int columns = matrix.columns();
    growPlain(columns);
    MemorySegment data = matrix.view().data();
    long first = (long) row * columns * matrix.view().type().bytes();
    switch (matrix.view().type()) {
      case F32 -> MemorySegment.copy(data, FLOAT, first, plain, 0, columns);
      case BF16 -> {
        MemorySegment.copy(data, SHORT, first, halves, 0, columns);
        widenBf16(halves, plain, columns);
      }
      case F16 -> {
        MemorySegment.copy(data, SHORT, first, halves, 0, columns);
        widenF16(halves, plain, columns);
      }
      case F64, I64, U64, I32, U32, I16, U16, I8, U8, BOOL ->
          throw new AssertionError("weights of type " + matrix.view().type());
    }
    return plain;
  }

  private static void widenBf16(short[] from, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = Float.intBitsToFloat(from[i] << 16);
    }
  }

  private static void widenF16(short[] from, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = Float.float16ToFloat(from[i]);
    }
  }
}
