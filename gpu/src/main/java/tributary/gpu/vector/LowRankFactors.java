package tributary.gpu.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import tributary.protocol.Bytes;
import tributary.tensor.format.LowRank;

/**
 * Factors of low rank, widened, the scale within the upper ones. An input row is multiplied by the
 * lower factor once, then each output costs one product of {@code rank} values.
 */
@SuppressWarnings("ArrayRecordComponent") // Read in inner loops.
record LowRankFactors(int rows, int columns, int rank, float[] up, float[] down)
    implements LoadedCode {
  static LowRankFactors copyOf(LowRank code) {
    float[] up = code.up().toFloats();
    for (int i = 0; i < up.length; i++) {
      up[i] *= code.scale();
    }
    return new LowRankFactors(code.rows(), code.columns(), code.rank(), up, code.down().toFloats());
  }

  /** Sets {@code products[to .. to + rank)} to the lower factor times a row of inputs. */
  void reduce(float[] x, int from, float[] products, int to) {
    for (int k = 0; k < rank; k++) {
      products[to + k] = dot(x, from, down, k * columns, columns);
    }
  }

  /** Adds outputs [first, end) to {@code out[at + output]}, given an input's products. */
  void addOutputs(float[] products, int from, int first, int end, float[] out, int at) {
    for (int n = first; n < end; n++) {
      out[at + n] += dot(products, from, up, n * rank, rank);
    }
  }

  private static float dot(float[] a, int aFrom, float[] b, int bFrom, int count) {
    FloatVector sum = FloatVector.zero(Lanes.FLOATS);
    int whole = count & -Lanes.COUNT;
    for (int i = 0; i < whole; i += Lanes.COUNT) {
      sum =
          FloatVector.fromArray(Lanes.FLOATS, a, aFrom + i)
              .fma(FloatVector.fromArray(Lanes.FLOATS, b, bFrom + i), sum);
    }
    if (whole < count) {
      VectorMask<Float> rest = Lanes.first(count - whole);
      sum =
          FloatVector.fromArray(Lanes.FLOATS, a, aFrom + whole, rest)
              .fma(FloatVector.fromArray(Lanes.FLOATS, b, bFrom + whole, rest), sum);
    }
    return Lanes.sum(sum);
  }

  @Override
  public void addRow(int row, float[] out, int first, Scratch scratch) {
    for (int k = 0; k < rank; k++) {
      float factor = up[row * rank + k];
      for (int column = 0; column < columns; column++) {
        out[first + column] += factor * down[k * columns + column];
      }
    }
  }

  @Override
  public int widths() {
    return 1;
  }

  @Override
  public int width() {
    return 1;
  }

  @Override
  public void setWidth(int width) {}

  @Override
  public Bytes size() {
    return new Bytes((long) Float.BYTES * (up.length + down.length));
  }

  @Override
  public void close() {}
}
