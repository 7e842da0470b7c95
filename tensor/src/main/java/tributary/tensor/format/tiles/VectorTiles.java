package tributary.tensor.format.tiles;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import tributary.tensor.format.VectorCodes;

/**
 * Vector codes in the order in which lanes hand out the rows of a transposing {@code ldmatrix}: the
 * entries of a codebook lie in shared memory as rows of 8 numbers of 16 bits, and four matrices of
 * 8 such rows become the registers of a product of 16 outputs x 16 inputs without further work.
 *
 * <p>{@code indices} are bytes [bands][chunks][16 slots][8 products], band b being rows {@code d b
 * .. d b + d - 1}: byte s of slot j is the index of input {@code 128 chunk + 16 s + j}. For product
 * s, lane l names the entry of slot {@code l / 16 * 8 + l % 8} of the band that meets half {@code l
 * / 8 % 2} of its tile; lanes 0 to 7 thereby give register 0 (outputs 0 to 7, inputs 0 to 7), 8 to
 * 15 register 1 (outputs 8 to 15), 16 to 31 registers 2 and 3 (inputs 8 to 15). A lane's 8 bytes
 * serve all products of a chunk. Activations are those of a dense product: inputs {@code 2 t, 2 t +
 * 1} and {@code 2 t + 8, 2 t + 9} of every 16.
 *
 * <p>Half h of a matrix (rows 8 h .. 8 h + 7) meets the bands {@code 8 h / d .. (8 h + 7) / d}: one
 * for d = 8 and 16, two for 4, at most two for 6 and 10 and three for 5. For a band whose rows
 * begin {@code shift = 8 h - d b} rows before the half (after it when negative), the entries are
 * those of {@link #shifted}: 8 numbers with zero where the half's row is not the band's. Products
 * of a half's bands add up. There are bands for all rows of the padding; their indices and those of
 * padded inputs are 0.
 *
 * @param vectorRows d
 * @param codebook [256, d], as in the file
 * @param scales {@link RowNumbers} [tiles][1][8 g][2 halves]; 0 in padding; a sum is multiplied
 *     last
 */
@SuppressWarnings("ArrayRecordComponent") // What is uploaded.
public record VectorTiles(
    TileGrid grid, int vectorRows, byte[] indices, float[] codebook, float[] scales) {
  private static final int HALF_ROWS = 8;
  private static final int SLOTS = 16;
  private static final int PRODUCTS = TileGrid.CHUNK_COLUMNS / SLOTS;

  public static VectorTiles pack(VectorCodes code) {
    TileGrid grid = new TileGrid(code.rows(), code.columns());
    int bands = Math.ceilDiv(grid.tiles() * TileGrid.TILE_ROWS, code.vectorRows());
    long bytes = (long) bands * grid.chunks() * TileGrid.CHUNK_COLUMNS;
    byte[] indices = new byte[Math.toIntExact(bytes)];
    for (int band = 0; band * code.vectorRows() < code.rows(); band++) {
      for (int column = 0; column < code.columns(); column++) {
        indices[at(grid, band, column)] = (byte) code.index(band * code.vectorRows(), column);
      }
    }
    return new VectorTiles(
        grid,
        code.vectorRows(),
        indices,
        code.codebook(),
        RowNumbers.pack(code.scales(), code.rows()));
  }

  /** The codes as they were before {@link #pack}. */
  public VectorCodes unpack() {
    int bands = Math.ceilDiv(grid.rows(), vectorRows);
    MemorySegment bytes =
        MemorySegment.ofArray(new byte[Math.multiplyExact(bands, grid.columns())]);
    for (int band = 0; band < bands; band++) {
      for (int column = 0; column < grid.columns(); column++) {
        long to = (long) band * grid.columns() + column;
        bytes.set(ValueLayout.JAVA_BYTE, to, indices[at(grid, band, column)]);
      }
    }
    return new VectorCodes(
        grid.rows(),
        grid.columns(),
        vectorRows,
        bytes,
        codebook,
        RowNumbers.unpack(scales, grid.rows()));
  }

  /** Where the index of a band's input lies. */
  static int at(TileGrid grid, int band, int column) {
    int chunk = column / TileGrid.CHUNK_COLUMNS;
    int within = column % TileGrid.CHUNK_COLUMNS;
    return ((band * grid.chunks() + chunk) * SLOTS + within % SLOTS) * PRODUCTS + within / SLOTS;
  }

  /** The first band that half {@code half} of the matrix meets. */
  public int firstBand(int half) {
    return HALF_ROWS * half / vectorRows;
  }

  /** The last band that half {@code half} of the matrix meets. */
  public int lastBand(int half) {
    return (HALF_ROWS * half + HALF_ROWS - 1) / vectorRows;
  }

  /**
   * The codebook for a half that begins {@code shift} rows after a band does: [256, 8], number i of
   * an entry being the codebook's number {@code shift + i}, 0 where there is none.
   */
  public float[] shifted(int shift) {
    float[] entries = new float[VectorCodes.VECTORS * HALF_ROWS];
    for (int entry = 0; entry < VectorCodes.VECTORS; entry++) {
      for (int i = Math.max(0, -shift); i < HALF_ROWS && shift + i < vectorRows; i++) {
        entries[entry * HALF_ROWS + i] = codebook[entry * vectorRows + shift + i];
      }
    }
    return entries;
  }
}
