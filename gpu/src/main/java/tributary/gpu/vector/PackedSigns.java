package tributary.gpu.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import tributary.protocol.Bytes;
import tributary.tensor.format.SignPlanes;

/**
 * Sign planes laid out for {@link SignTile}: one output a lane.
 *
 * <pre>
 * signs   [tiles][planes] strips        strip: [words] vectors of L ints      tile: L outputs
 * int     bit b of word w of lane i: the sign of output (L tile + i) at column w COLUMNS + b
 * scales  [tiles][planes][L] fp32
 * </pre>
 *
 * <p>A vector of L values is a table of the sums of {@link #GROUP} = log2 L inputs under all signs,
 * so a word holds whole groups of {@code GROUP} columns: 32 columns with 16 or 4 lanes, 30 with 8.
 * Outputs past the last have scale 0, columns past the last have bit 0.
 */
final class PackedSigns implements AutoCloseable {
  static final int GROUP = Integer.numberOfTrailingZeros(Lanes.COUNT);
  static final int GROUPS_PER_WORD = Integer.SIZE / GROUP;
  private static final int COLUMNS = GROUP * GROUPS_PER_WORD;
  private static final int VECTOR_BYTES = Lanes.COUNT * Integer.BYTES;
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int rows;
  private final int columns;
  private final int planes;
  private final Arena arena;
  private final MemorySegment signs;
  private final float[] scales;

  private PackedSigns(SignPlanes from, Arena arena) {
    this.rows = from.rows();
    this.columns = from.columns();
    this.planes = from.planes().size();
    this.arena = arena;
    int strips = Math.multiplyExact(Math.ceilDiv(rows, Lanes.COUNT), planes);
    this.signs = arena.allocate(strips * stripBytes(), 64);
    this.scales = new float[Math.multiplyExact(strips, Lanes.COUNT)];
  }

  /** A copy in this layout; the caller closes it. */
  static PackedSigns copyOf(SignPlanes from) {
    Arena arena = Arena.ofShared();
    try {
      var packed = new PackedSigns(from, arena);
      for (int plane = 0; plane < packed.planes; plane++) {
        packed.fill(plane, from.planes().get(plane));
      }
      return packed;
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private void fill(int plane, SignPlanes.Plane from) {
    int rowWords = SignPlanes.wordsPerRow(columns);
    long[] row = new long[rowWords];
    for (int r = 0; r < rows; r++) {
      int strip = r / Lanes.COUNT * planes + plane;
      int lane = r % Lanes.COUNT;
      scales[strip * Lanes.COUNT + lane] = from.scale(r);
      MemorySegment.copy(from.signs(), WORD, (long) r * rowWords * Long.BYTES, row, 0, rowWords);
      long at = strip * stripBytes() + (long) lane * Integer.BYTES;
      for (int w = 0; w < words(); w++) {
        signs.set(ValueLayout.JAVA_INT, at + (long) w * VECTOR_BYTES, bits(row, w * COLUMNS));
      }
    }
  }

  /** The {@code COLUMNS} bits from {@code first} on; zeros past the row. */
  private static int bits(long[] row, int first) {
    int word = first / Long.SIZE;
    int shift = first % Long.SIZE;
    long bits = row[word] >>> shift;
    if (shift + COLUMNS > Long.SIZE && word + 1 < row.length) {
      bits |= row[word + 1] << (Long.SIZE - shift);
    }
    return (int) (bits & ((1L << COLUMNS) - 1));
  }

  int rows() {
    return rows;
  }

  int columns() {
    return columns;
  }

  int planes() {
    return planes;
  }

  MemorySegment signs() {
    return signs;
  }

  /** Per strip, one a lane. */
  float[] scales() {
    return scales;
  }

  /** Words of a lane in a strip. */
  int words() {
    return words(columns);
  }

  static int words(int columns) {
    return Math.ceilDiv(columns, COLUMNS);
  }

  long stripBytes() {
    return (long) words() * VECTOR_BYTES;
  }

  Bytes size() {
    return new Bytes(signs.byteSize() + (long) scales.length * Float.BYTES);
  }

  /** Adds one row of the difference to {@code out[first ..]}. */
  void addRow(int row, float[] out, int first) {
    for (int plane = 0; plane < planes; plane++) {
      int strip = row / Lanes.COUNT * planes + plane;
      int lane = row % Lanes.COUNT;
      int plus = Float.floatToRawIntBits(scales[strip * Lanes.COUNT + lane]);
      long at = strip * stripBytes() + (long) lane * Integer.BYTES;
      for (int c = 0; c < columns; c += COLUMNS) {
        int minus = ~signs.get(ValueLayout.JAVA_INT, at + (long) (c / COLUMNS) * VECTOR_BYTES);
        for (int b = 0; b < Math.min(COLUMNS, columns - c); b++) {
          out[first + c + b] += Float.intBitsToFloat(plus ^ (minus >>> b << 31));
        }
      }
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
