package tributary.tensor.format.tiles;

/**
 * Tiles of 16 outputs and chunks of 128 inputs of a matrix, and where a lane's words lie.
 *
 * @param rows outputs before padding
 * @param columns inputs before padding
 */
public record TileGrid(int rows, int columns) {
  /** Outputs of a tile. */
  public static final int TILE_ROWS = 16;

  /** Inputs of a chunk. */
  public static final int CHUNK_COLUMNS = 128;

  /** Lanes of a warp. */
  public static final int LANES = 32;

  private static final int HALF_ROWS = TILE_ROWS / 2;
  private static final int GROUP_CHUNKS = 4;
  private static final int FEW_COLUMNS = 8192;

  public int tiles() {
    return Math.ceilDiv(rows, TILE_ROWS);
  }

  public int chunks() {
    return Math.ceilDiv(columns, CHUNK_COLUMNS);
  }

  /** Slices of the inputs whose sums are added up last. */
  public int slices() {
    return columns <= FEW_COLUMNS ? 4 : 8;
  }

  /** Chunks of every slice but the last ones, which may have fewer or none. */
  public int sliceChunks() {
    return Math.ceilDiv(Math.ceilDiv(columns, slices()), CHUNK_COLUMNS);
  }

  /** Words of all lanes when each has {@code perLane} a chunk. */
  int words(int perLane) {
    return Math.toIntExact((long) tiles() * chunks() * LANES * perLane);
  }

  /** Index of word {@code word} (0 to 3) of a lane in quad words. */
  public int quad(int tile, int chunk, int lane, int word) {
    return ((tile * chunks() + chunk) * LANES + lane) * 4 + word;
  }

  /** Index of word {@code word} (0 or 1) of a lane in pair words. */
  public int pair(int tile, int chunk, int lane, int word) {
    int slice = chunk / sliceChunks();
    int own = chunk % sliceChunks();
    int ownChunks = Math.min(chunks() - slice * sliceChunks(), sliceChunks());
    int group = own / GROUP_CHUNKS;
    int first = (tile * chunks() + slice * sliceChunks()) * 2 * LANES;
    return group < ownChunks / GROUP_CHUNKS
        ? first + ((group * 2 + word) * LANES + lane) * GROUP_CHUNKS + own % GROUP_CHUNKS
        : first + (own * 2 + word) * LANES + lane;
  }

  /**
   * Index of a row's number {@code number} of {@code numbers} in row numbers: [tiles][numbers][8
   * g][2 halves].
   */
  public static int rowNumber(int row, int number, int numbers) {
    int within = row % TILE_ROWS;
    return (row / TILE_ROWS * numbers + number) * TILE_ROWS
        + within % HALF_ROWS * 2
        + within / HALF_ROWS;
  }
}
