package tributary.tensor.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
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
 * @param rows number of outputs
 * @param columns number of inputs
 * @param planes first plane first; at least one
 */
public record SignPlanes(int rows, int columns, List<Plane> planes) implements MatrixCode {
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
    if (planes.isEmpty()) {
      throw new IllegalArgumentException("sign planes: at least one is needed");
    }
    for (Plane plane : planes) {
      if (plane.signs.byteSize() != planeBytes(rows, columns).count()
          || (plane.scales.length != 1 && plane.scales.length != rows)) {
        throw new IllegalArgumentException(
            "sign plane of %d x %d: needs %d bytes and 1 or %d scales, has %d and %d"
                .formatted(
                    rows,
                    columns,
                    planeBytes(rows, columns).count(),
                    rows,
                    plane.signs.byteSize(),
                    plane.scales.length));
      }
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

  @Override
  public int widths() {
    return planes.size();
  }

  @Override
  public SignPlanes atWidth(int width) {
    return new SignPlanes(rows, columns, planes.subList(0, width));
  }

  @Override
  public Stream<MemorySegment> codeSegments() {
    return planes.stream().map(Plane::signs);
  }

  @Override
  public Bytes size() {
    long bytes = 0;
    for (Plane plane : planes) {
      bytes += plane.signs.byteSize() + MatrixCode.halfBytes(plane.scales.length);
    }
    return new Bytes(bytes);
  }
}
