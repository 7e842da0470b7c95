package tributary.gpu.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import tributary.protocol.Bytes;
import tributary.tensor.UntouchedMemory;
import tributary.tensor.format.SignPlanes;

/**
 * Sign planes laid out for {@link SignTile}: one output a lane.
 *
 * <pre>
 * signs   [planes][tiles] strips        strip: [words] vectors of L ints      tile: L outputs
 * int     bit b of word w of lane i: the sign of output (L tile + i) at column w COLUMNS + b
 * scales  for each width: [planes][tiles][L] fp32, those of planes beyond the width unused
 * </pre>
 *
 * <p>Planes lie apart, and those that no width needed yet are neither read nor written.
 *
 * <p>A vector of L values is a table of the sums of {@link #GROUP} = log2 L inputs under all signs,
 * so a word holds whole groups of {@code GROUP} columns: 32 columns with 16 or 4 lanes, 30 with 8.
 * Outputs past the last have scale 0, columns past the last have bit 0.
 */
final class PackedSigns implements LoadedCode {
  static final int GROUP = Integer.numberOfTrailingZeros(Lanes.COUNT);
  static final int GROUPS_PER_WORD = Integer.SIZE / GROUP;
  private static final int COLUMNS = GROUP * GROUPS_PER_WORD;
  private static final int VECTOR_BYTES = Lanes.COUNT * Integer.BYTES;
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final SignPlanes from;
  private final int rows;
  private final int columns;
  private final int tiles;
  private final int planes;
  private final boolean narrow;
  private final Arena arena;
  private final MemorySegment signs;
  private final float[][] scales;
  private int prepared;
  private int width;

  private PackedSigns(SignPlanes from, Arena arena) {
    this.from = from;
    this.rows = from.rows();
    this.tiles = Math.ceilDiv(rows, Lanes.COUNT);
    this.columns = from.columns();
    this.planes = from.widths();
    this.narrow = !from.narrowScales().isEmpty();
    this.arena = arena;
    int strips = Math.multiplyExact(tiles, planes);
    this.signs = UntouchedMemory.allocate(arena, strips * stripBytes());
    this.scales = new float[planes][];
    this.width = planes;
  }

  /** A copy in this layout, computed at a width; the caller closes it. */
  static PackedSigns copyOf(SignPlanes from, int width) {
    Arena arena = Arena.ofShared();
    try {
      var packed = new PackedSigns(from, arena);
      packed.fillScales();
      packed.setWidth(width);
      return packed;
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  @Override
  public void prepare(int newWidth) {
    for (; prepared < Math.min(newWidth, planes); prepared++) {
      fill(prepared, from.planes().get(prepared).signs());
    }
  }

  private void fill(int plane, MemorySegment from) {
    int rowWords = SignPlanes.wordsPerRow(columns);
    long[] row = new long[rowWords];
    for (int r = 0; r < rows; r++) {
      long at = strip(r, plane) * stripBytes() + (long) (r % Lanes.COUNT) * Integer.BYTES;
      MemorySegment.copy(from, WORD, (long) r * rowWords * Long.BYTES, row, 0, rowWords);
      for (int w = 0; w < words(); w++) {
        signs.set(ValueLayout.JAVA_INT, at + (long) w * VECTOR_BYTES, bits(row, w * COLUMNS));
      }
    }
  }

  /** Widths that have no scales of their own share one array. */
  private void fillScales() {
    float[] shared = stripScales(from.planes());
    for (int w = 1; w <= planes; w++) {
      boolean own = narrow && w < planes;
      scales[w - 1] = own ? stripScales(from.atWidth(w).planes()) : shared;
    }
  }

  private float[] stripScales(List<SignPlanes.Plane> of) {
    float[] packed = new float[Math.multiplyExact(tiles * planes, Lanes.COUNT)];
    for (int r = 0; r < rows; r++) {
      for (int plane = 0; plane < of.size(); plane++) {
        packed[strip(r, plane) * Lanes.COUNT + r % Lanes.COUNT] = of.get(plane).scale(r);
      }
    }
    return packed;
  }

  /** The strip that holds a row's signs of one plane. */
  private int strip(int row, int plane) {
    return stripOf(row / Lanes.COUNT, plane);
  }

  /** The strip of a tile and a plane. */
  int stripOf(int tile, int plane) {
    return plane * tiles + tile;
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

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int columns() {
    return columns;
  }

  @Override
  public int widths() {
    return planes;
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public void setWidth(int newWidth) {
    width = Math.clamp(newWidth, 1, planes);
    prepare(width);
  }

  MemorySegment signs() {
    return signs;
  }

  /** Per strip, one a lane; those that are right at the width that is set. */
  float[] scales() {
    return scales[width - 1];
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

  @Override
  public Bytes size() {
    long arrays = narrow ? planes : 1;
    return new Bytes(signs.byteSize() + arrays * scales[0].length * Float.BYTES);
  }

  @Override
  public void addRow(int row, float[] out, int first, Scratch scratch) {
    for (int plane = 0; plane < width; plane++) {
      int strip = strip(row, plane);
      int lane = row % Lanes.COUNT;
      int plus = Float.floatToRawIntBits(scales()[strip * Lanes.COUNT + lane]);
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
