package tributary.tensor.format.tiles;

import java.lang.foreign.MemorySegment;
import tributary.tensor.format.BitStream;
import tributary.tensor.format.GroupStatistics;

/** The scales and zeros of grouped codes. */
public sealed interface StatisticTiles {
  static StatisticTiles pack(GroupStatistics statistics, int rows) {
    return switch (statistics) {
      case GroupStatistics.Plain plain ->
          new Plain(
              plain.groups(),
              RowNumbers.pack(plain.scales(), rows),
              plain.zeros().length == 1 ? plain.zeros() : RowNumbers.pack(plain.zeros(), rows));
      case GroupStatistics.Bilevel bilevel -> Bilevel.of(bilevel);
    };
  }

  /** The statistics as they were before {@link #pack}. */
  GroupStatistics unpack(int rows);

  /**
   * One number each.
   *
   * @param scales {@link RowNumbers} [tiles][groups][8 g][2 halves]
   * @param zeros the same, or a single one for all
   */
  @SuppressWarnings("ArrayRecordComponent") // What is uploaded.
  record Plain(int groups, float[] scales, float[] zeros) implements StatisticTiles {
    @Override
    public GroupStatistics unpack(int rows) {
      return new GroupStatistics.Plain(
          groups,
          RowNumbers.unpack(scales, rows),
          zeros.length == 1 ? zeros : RowNumbers.unpack(zeros, rows));
    }
  }

  /**
   * Statistics that are codes of at most 4 bits themselves.
   *
   * @param codes bytes [tiles][groups][8 g][2 halves], the code of the scale in the low nibble and
   *     that of the zero in the high one
   * @param grids [runs][groups][4]: scale and zero of the grid of scales, then those of the grid of
   *     zeros; run = row / runRows, so with runRows = 16 a tile has one run
   */
  @SuppressWarnings("ArrayRecordComponent") // What is uploaded.
  record Bilevel(int groups, int bits, int runRows, byte[] codes, float[] grids)
      implements StatisticTiles {
    /** The most bits of a code. */
    public static final int BITS_MAX = 4;

    static Bilevel of(GroupStatistics.Bilevel from) {
      if (from.bits() > BITS_MAX) {
        throw new IllegalArgumentException(
            "statistics of %d bits have no tiles, at most %d".formatted(from.bits(), BITS_MAX));
      }
      int rows = from.rows();
      int groups = from.groups();
      int tiles = Math.ceilDiv(rows, TileGrid.TILE_ROWS);
      byte[] codes = new byte[Math.multiplyExact(tiles * TileGrid.TILE_ROWS, groups)];
      for (int group = 0; group < groups; group++) {
        long start = group * BitStream.bytes(rows, from.bits());
        for (int row = 0; row < rows; row++) {
          int scale = BitStream.get(from.scaleCodes(), start, row, from.bits());
          int zero = BitStream.get(from.zeroCodes(), start, row, from.bits());
          codes[TileGrid.rowNumber(row, group, groups)] = (byte) (scale | zero << 4);
        }
      }
      int runs = Math.ceilDiv(rows, from.runRows());
      float[] grids = new float[Math.multiplyExact(runs, 4 * groups)];
      for (int i = 0; i < groups * runs; i++) {
        int to = 4 * (i % runs * groups + i / runs);
        System.arraycopy(from.scaleGrids(), 2 * i, grids, to, 2);
        System.arraycopy(from.zeroGrids(), 2 * i, grids, to + 2, 2);
      }
      return new Bilevel(groups, from.bits(), from.runRows(), codes, grids);
    }

    @Override
    public GroupStatistics unpack(int rows) {
      int bytes = Math.toIntExact(GroupStatistics.Bilevel.codeBytes(rows, groups, bits));
      MemorySegment scales = MemorySegment.ofArray(new byte[bytes]);
      MemorySegment zeros = MemorySegment.ofArray(new byte[bytes]);
      for (int group = 0; group < groups; group++) {
        long start = group * BitStream.bytes(rows, bits);
        for (int row = 0; row < rows; row++) {
          int both = codes[TileGrid.rowNumber(row, group, groups)] & 0xFF;
          BitStream.put(scales, start, row, bits, both & 0xF);
          BitStream.put(zeros, start, row, bits, both >>> 4);
        }
      }
      int runs = Math.ceilDiv(rows, runRows);
      float[] scaleGrids = new float[2 * groups * runs];
      float[] zeroGrids = new float[2 * groups * runs];
      for (int i = 0; i < groups * runs; i++) {
        int from = 4 * (i % runs * groups + i / runs);
        System.arraycopy(grids, from, scaleGrids, 2 * i, 2);
        System.arraycopy(grids, from + 2, zeroGrids, 2 * i, 2);
      }
      return new GroupStatistics.Bilevel(
          rows, groups, bits, runRows, scales, zeros, scaleGrids, zeroGrids);
    }
  }
}
