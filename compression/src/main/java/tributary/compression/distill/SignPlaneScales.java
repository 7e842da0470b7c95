package tributary.compression.distill;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;

/** The scales of sign planes, plane after plane: one per row, or one for the whole plane. */
final class SignPlaneScales implements ScaledCode {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final SignPlanes code;

  SignPlaneScales(SignPlanes code) {
    this.code = code;
  }

  @Override
  public float[] scales() {
    int count = code.planes().stream().mapToInt(plane -> plane.scales().length).sum();
    float[] scales = new float[count];
    int at = 0;
    for (SignPlanes.Plane plane : code.planes()) {
      System.arraycopy(plane.scales(), 0, scales, at, plane.scales().length);
      at += plane.scales().length;
    }
    return scales;
  }

  @Override
  public void addTo(float[] weight, float[] scales) {
    IntStream.range(0, code.rows())
        .parallel()
        .forEach(row -> {
          int first = 0;
          for (SignPlanes.Plane plane : code.planes()) {
            addRow(plane, row, scales[scale(plane, first, row)], weight);
            first += plane.scales().length;
          }
        });
  }

  private static int scale(SignPlanes.Plane plane, int first, int row) {
    return plane.scales().length == 1 ? first : first + row;
  }

  private void addRow(SignPlanes.Plane plane, int row, float scale, float[] weight) {
    int bits = Float.floatToRawIntBits(scale);
    for (int column = 0; column < code.columns(); column += Long.SIZE) {
      long minus = ~word(plane, row, column);
      int at = row * code.columns() + column;
      int count = Math.min(Long.SIZE, code.columns() - column);
      for (int t = 0; t < count; t++) {
        weight[at + t] += Float.intBitsToFloat(bits ^ (int) (minus >>> t) << 31);
      }
    }
  }

  private long word(SignPlanes.Plane plane, int row, int column) {
    long words = SignPlanes.wordsPerRow(code.columns());
    return plane.signs().getAtIndex(WORD, row * words + column / Long.SIZE);
  }

  @Override
  public double[] gradient(float[] weightGradient) {
    int planes = code.planes().size();
    double[] byRow = new double[planes * code.rows()];
    IntStream.range(0, code.rows())
        .parallel()
        .forEach(row -> {
          for (int plane = 0; plane < planes; plane++) {
            byRow[plane * code.rows() + row] =
                rowSum(code.planes().get(plane), row, weightGradient);
          }
        });
    double[] gradient = new double[scales().length];
    int first = 0;
    for (int plane = 0; plane < planes; plane++) {
      for (int row = 0; row < code.rows(); row++) {
        gradient[scale(code.planes().get(plane), first, row)] += byRow[plane * code.rows() + row];
      }
      first += code.planes().get(plane).scales().length;
    }
    return gradient;
  }

  private double rowSum(SignPlanes.Plane plane, int row, float[] values) {
    double sum = 0;
    for (int column = 0; column < code.columns(); column += Long.SIZE) {
      long minus = ~word(plane, row, column);
      int at = row * code.columns() + column;
      int count = Math.min(Long.SIZE, code.columns() - column);
      for (int t = 0; t < count; t++) {
        int bits = Float.floatToRawIntBits(values[at + t]);
        sum += Float.intBitsToFloat(bits ^ (int) (minus >>> t) << 31);
      }
    }
    return sum;
  }

  @Override
  public MatrixCode withScales(float[] scales) {
    List<SignPlanes.Plane> planes = new ArrayList<>();
    int first = 0;
    for (SignPlanes.Plane plane : code.planes()) {
      int end = first + plane.scales().length;
      planes.add(new SignPlanes.Plane(plane.signs(), Arrays.copyOfRange(scales, first, end)));
      first = end;
    }
    return new SignPlanes(code.rows(), code.columns(), planes);
  }
}
