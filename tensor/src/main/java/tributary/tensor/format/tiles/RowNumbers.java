package tributary.tensor.format.tiles;

/**
 * Numbers of rows, [rows, numbers], in the order [tiles][numbers][8 g][2 halves], padded with zero
 * to whole tiles: a lane finds those of its outputs g and g + 8 side by side. On a device they are
 * fp16 where that gives them all back, as in a file, else fp32.
 */
public final class RowNumbers {
  private RowNumbers() {}

  /**
   * Packs numbers.
   *
   * @param values [rows, values.length / rows]
   */
  public static float[] pack(float[] values, int rows) {
    int numbers = values.length / rows;
    int tiles = Math.ceilDiv(rows, TileGrid.TILE_ROWS);
    float[] packed = new float[Math.multiplyExact(tiles * TileGrid.TILE_ROWS, numbers)];
    for (int row = 0; row < rows; row++) {
      for (int number = 0; number < numbers; number++) {
        packed[TileGrid.rowNumber(row, number, numbers)] = values[row * numbers + number];
      }
    }
    return packed;
  }

  /** The numbers as they were before {@link #pack}. */
  public static float[] unpack(float[] packed, int rows) {
    int numbers = packed.length / (Math.ceilDiv(rows, TileGrid.TILE_ROWS) * TileGrid.TILE_ROWS);
    float[] values = new float[rows * numbers];
    for (int row = 0; row < rows; row++) {
      for (int number = 0; number < numbers; number++) {
        values[row * numbers + number] = packed[TileGrid.rowNumber(row, number, numbers)];
      }
    }
    return values;
  }
}
