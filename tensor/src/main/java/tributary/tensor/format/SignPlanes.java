package tributary.tensor.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import tributary.protocol.Bytes;

/**
 * A matrix as a sum of scaled sign planes: {@code D[r, c] = sum over planes p of scale[p, r] *
 * sign[p, r, c]}, with signs +1 or -1. Any prefix of the planes is a coarser form of the matrix.
 *
 * <p>Layout of one plane's signs: rows in order, each row {@code ceil(columns / 64)} little-endian
 * 64-bit words; bit t (counted from the least significant) of word w belongs to column {@code 64 w
 * + t}; 1 means plus. Unused high bits of a row's last word are zero. Memory belongs to whoever
 * made the planes.
 *
 * <p>The scales that are right when only the first w planes are present need not be those of the
 * full set. Widths may therefore have scales of their own.
 *
 * @param rows number of outputs
 * @param columns number of inputs
 * @param planes first plane first; at least one
 * @param narrowScales for each width w below the full one, at w - 1: the scales of its w planes,
 *     each [rows] or [1]; empty when every width has those of {@code planes}
 */
public record SignPlanes(
    int rows, int columns, List<Plane> planes, List<List<float[]>> narrowScales)
    implements MatrixCode {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * One plane.
   *
   * @param signs the words, as laid out above
   * @param scales one per row, or a single one for the whole matrix
   */
  @SuppressWarnings("ArrayRecordComponent") // Kernels read the scales in their inner loops.
  public record Plane(MemorySegment signs, float[] scales) {
    /** The scale of one row. */
    public float scale(int row) {
      return scales.length == 1 ? scales[0] : scales[row];
    }
  }

  public SignPlanes {
    planes = List.copyOf(planes);
    narrowScales = narrowScales.stream().map(List::copyOf).toList();
    if (planes.isEmpty()) {
      throw new IllegalArgumentException("sign planes: at least one is needed");
    }
    for (Plane plane : planes) {
      MatrixCode.requireSize("sign plane", plane.signs, planeBytes(rows, columns).count());
      requireScales(plane.scales, rows);
    }
    if (!narrowScales.isEmpty() && narrowScales.size() != planes.size() - 1) {
      throw new IllegalArgumentException(
          "sign planes: scales for %d narrower widths, wanted none or %d"
              .formatted(narrowScales.size(), planes.size() - 1));
    }
    for (int width = 1; width <= narrowScales.size(); width++) {
      if (narrowScales.get(width - 1).size() != width) {
        throw new IllegalArgumentException(
            "sign planes: width %d has scales for %d planes"
                .formatted(width, narrowScales.get(width - 1).size()));
      }
      narrowScales.get(width - 1).forEach(scales -> requireScales(scales, rows));
    }
  }

  /** Planes whose scales are right at every width. */
  public SignPlanes(int rows, int columns, List<Plane> planes) {
    this(rows, columns, planes, List.of());
  }

  private static void requireScales(float[] scales, int rows) {
    if (scales.length != 1 && scales.length != rows) {
      throw new IllegalArgumentException(
          "sign plane: found %d scales, wanted 1 or %d".formatted(scales.length, rows));
    }
  }

  public static int wordsPerRow(int columns) {
    return Math.ceilDiv(columns, Long.SIZE);
  }

  /** Size of the signs of one plane. */
  public static Bytes planeBytes(int rows, int columns) {
    return new Bytes(Math.multiplyExact((long) rows * wordsPerRow(columns), Long.BYTES));
  }

  /** True when plane {@code plane} has plus at (row, column). */
  public boolean isPlus(int plane, int row, int column) {
    long word =
        planes
            .get(plane)
            .signs
            .getAtIndex(WORD, (long) row * wordsPerRow(columns) + column / Long.SIZE);
    return (word >>> (column % Long.SIZE) & 1) == 1;
  }

  @Override
  public float value(int row, int column) {
    float sum = 0;
    for (int plane = 0; plane < planes.size(); plane++) {
      float scale = planes.get(plane).scale(row);
      sum += isPlus(plane, row, column) ? scale : -scale;
    }
    return sum;
  }

  /** Adds plane after plane to a row, as {@link #value} does, a word of signs at a time. */
  @Override
  public void readRow(int row, float[] out) {
    Arrays.fill(out, 0, columns, 0);
    int words = wordsPerRow(columns);
    for (Plane plane : planes) {
      int plus = Float.floatToRawIntBits(plane.scale(row));
      for (int word = 0; word < words; word++) {
        long minus = ~plane.signs.getAtIndex(WORD, (long) row * words + word);
        int first = word * Long.SIZE;
        int count = Math.min(Long.SIZE, columns - first);
        for (int t = 0; t < count; t++) {
          int turned = (int) (minus >>> t) << (Integer.SIZE - 1);
          out[first + t] += Float.intBitsToFloat(plus ^ turned);
        }
      }
    }
  }

  @Override
  public int widths() {
    return planes.size();
  }

  @Override
  public SignPlanes atWidth(int width) {
    MatrixCode.requireWidth(width, widths());
    if (width == widths()) {
      return this;
    }
    if (narrowScales.isEmpty()) {
      return new SignPlanes(rows, columns, planes.subList(0, width));
    }
    List<Plane> first = new ArrayList<>(width);
    for (int plane = 0; plane < width; plane++) {
      first.add(new Plane(planes.get(plane).signs, narrowScales.get(width - 1).get(plane)));
    }
    return new SignPlanes(rows, columns, first, narrowScales.subList(0, width - 1));
  }

  @Override
  public Stream<MemorySegment> codeSegments() {
    return planes.stream().map(Plane::signs);
  }

  /** Scales of narrower widths are counted too: they stay loaded so that precision can change. */
  @Override
  public Bytes size() {
    long scales =
        Stream.concat(
                planes.stream().map(Plane::scales), narrowScales.stream().flatMap(List::stream))
            .mapToLong(values -> values.length)
            .sum();
    long signs = planes.size() * planeBytes(rows, columns).count();
    return new Bytes(signs + MatrixCode.halfBytes(scales));
  }
}
