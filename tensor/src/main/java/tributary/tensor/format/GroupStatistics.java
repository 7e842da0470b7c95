package tributary.tensor.format;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import tributary.protocol.Bytes;

/** A scale and a zero for each row and group of {@link GroupedCodes}. */
public sealed interface GroupStatistics {
  float scale(int row, int group);

  /** The code, not necessarily whole, that decodes to 0. */
  float zero(int row, int group);

  /** Decodes those of one row into {@code scales[0 .. groups)} and {@code zeros[0 .. groups)}. */
  void readRow(int row, float[] scales, float[] zeros);

  /** Throws unless these are statistics of a grid of this size. */
  void requireGrid(int rows, int groups);

  Bytes size();

  /**
   * One number each.
   *
   * @param groups groups of a row
   * @param scales [rows, groups]
   * @param zeros [rows, groups], or a single one for all
   */
  @SuppressWarnings("ArrayRecordComponent") // Kernels read them in their inner loops.
  record Plain(int groups, float[] scales, float[] zeros) implements GroupStatistics {
    @Override
    public float scale(int row, int group) {
      return scales[row * groups + group];
    }

    @Override
    public float zero(int row, int group) {
      return zeros.length == 1 ? zeros[0] : zeros[row * groups + group];
    }

    @Override
    public void readRow(int row, float[] rowScales, float[] rowZeros) {
      System.arraycopy(scales, row * groups, rowScales, 0, groups);
      if (zeros.length == 1) {
        Arrays.fill(rowZeros, 0, groups, zeros[0]);
      } else {
        System.arraycopy(zeros, row * groups, rowZeros, 0, groups);
      }
    }

    @Override
    public void requireGrid(int rows, int wantedGroups) {
      int wanted = Math.multiplyExact(rows, wantedGroups);
      if (groups != wantedGroups
          || scales.length != wanted
          || (zeros.length != 1 && zeros.length != wanted)) {
        throw new IllegalArgumentException(
            "group statistics: found %d scales and %d zeros, wanted %d and 1 or %d"
                .formatted(scales.length, zeros.length, wanted, wanted));
      }
    }

    @Override
    public Bytes size() {
      return new Bytes(MatrixCode.halfBytes(scales.length + (long) zeros.length));
    }
  }

  /**
   * Statistics that are codes themselves: of one group of columns, runs of {@code runRows}
   * neighbouring rows share a grid for their scales and one for their zeros. {@code scale =
   * scaleOfScales * (code - zeroOfScales)}, and the like for zeros.
   *
   * <p>Layout of {@code scaleCodes} and {@code zeroCodes}: groups in order, each a {@link
   * BitStream} of {@code rows} codes that begins at a whole byte.
   *
   * @param bits of a code, 1 to 8
   * @param scaleGrids [groups, ceil(rows / runRows), 2]: scale and zero of the grid of scales
   * @param zeroGrids the same for the grid of zeros
   */
  @SuppressWarnings("ArrayRecordComponent") // Kernels read them in their inner loops.
  record Bilevel(
      int rows,
      int groups,
      int bits,
      int runRows,
      MemorySegment scaleCodes,
      MemorySegment zeroCodes,
      float[] scaleGrids,
      float[] zeroGrids)
      implements GroupStatistics {
    public Bilevel {
      if (bits < 1 || bits > 8 || runRows < 1) {
        throw new IllegalArgumentException(
            "bilevel statistics: bits=%d runRows=%d; wanted 1..8 and at least 1"
                .formatted(bits, runRows));
      }
    }

    public static long codeBytes(int rows, int groups, int bits) {
      return groups * BitStream.bytes(rows, bits);
    }

    @Override
    public float scale(int row, int group) {
      return decode(scaleCodes, scaleGrids, row, group);
    }

    @Override
    public float zero(int row, int group) {
      return decode(zeroCodes, zeroGrids, row, group);
    }

    private float decode(MemorySegment codes, float[] grids, int row, int group) {
      int code = BitStream.get(codes, group * BitStream.bytes(rows, bits), row, bits);
      int grid = 2 * (group * Math.ceilDiv(rows, runRows) + row / runRows);
      return grids[grid] * (code - grids[grid + 1]);
    }

    @Override
    public void readRow(int row, float[] scales, float[] zeros) {
      decodeRow(scaleCodes, scaleGrids, row, scales);
      decodeRow(zeroCodes, zeroGrids, row, zeros);
    }

    private void decodeRow(MemorySegment codes, float[] grids, int row, float[] out) {
      long stride = BitStream.bytes(rows, bits);
      int gridStride = 2 * Math.ceilDiv(rows, runRows);
      int grid = 2 * (row / runRows);
      for (int group = 0; group < groups; group++, grid += gridStride) {
        int code = BitStream.get(codes, group * stride, row, bits);
        out[group] = grids[grid] * (code - grids[grid + 1]);
      }
    }

    @Override
    public void requireGrid(int wantedRows, int wantedGroups) {
      int grids = Math.multiplyExact(2 * wantedGroups, Math.ceilDiv(wantedRows, runRows));
      if (rows != wantedRows
          || groups != wantedGroups
          || scaleGrids.length != grids
          || zeroGrids.length != grids) {
        throw new IllegalArgumentException(
            "bilevel statistics of %d x %d groups with %d and %d grid numbers, wanted %d x %d, %d"
                .formatted(
                    rows,
                    groups,
                    scaleGrids.length,
                    zeroGrids.length,
                    wantedRows,
                    wantedGroups,
                    grids));
      }
      MatrixCode.requireSize("codes of scales", scaleCodes, codeBytes(rows, groups, bits));
      MatrixCode.requireSize("codes of zeros", zeroCodes, codeBytes(rows, groups, bits));
    }

    @Override
    public Bytes size() {
      return new Bytes(
          MatrixCode.bytesOf(scaleCodes, zeroCodes)
              + MatrixCode.halfBytes(scaleGrids.length + (long) zeroGrids.length));
    }
  }
}
