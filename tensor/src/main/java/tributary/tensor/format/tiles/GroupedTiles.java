package tributary.tensor.format.tiles;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tributary.tensor.format.GroupedCodes;

/**
 * Grouped codes with their statistics and outliers. Groups are of stored positions: input p of the
 * tiles is column {@code order[p]}, and a kernel gathers its activations by that once a step.
 *
 * <p>Outliers are rows of words, output after output: bits 0 to 15 are the stored position (which
 * the file has as a column), ascending within an output, and bits 16 to 31 the value in fp16.
 *
 * @param order [columns]; null when inputs are columns
 * @param outlierOffsets [16 tiles + 1]: where the outliers of an output begin; padding has none
 * @param outliers [offsets' last] words
 */
@SuppressWarnings("ArrayRecordComponent") // What is uploaded.
public record GroupedTiles(
    CodeTiles codes,
    int groupColumns,
    StatisticTiles statistics,
    int @Nullable [] order,
    int[] outlierOffsets,
    int[] outliers) {
  /** Positions that fit into an outlier's word. */
  public static final int COLUMNS_MAX = 1 << Short.SIZE;

  public static GroupedTiles pack(GroupedCodes code) {
    TileGrid grid = new TileGrid(code.rows(), code.columns());
    return new GroupedTiles(
        CodeTiles.pack(code.codes(), grid, code.bits()),
        code.groupColumns(),
        StatisticTiles.pack(code.statistics(), code.rows()),
        code.order(),
        outlierOffsets(code),
        outlierWords(code));
  }

  /** [16 tiles + 1]: where the outliers of an output begin; padding has none. */
  public static int[] outlierOffsets(GroupedCodes code) {
    TileGrid grid = new TileGrid(code.rows(), code.columns());
    GroupedCodes.Outliers from = code.outliers();
    int[] offsets = new int[grid.tiles() * TileGrid.TILE_ROWS + 1];
    Arrays.fill(offsets, from.count());
    System.arraycopy(from.rowOffsets(), 0, offsets, 0, code.rows());
    return offsets;
  }

  /** Stored positions, ascending within an output, and in the upper half the values in fp16. */
  public static int[] outlierWords(GroupedCodes code) {
    GroupedCodes.Outliers from = code.outliers();
    if (from.count() > 0 && code.columns() > COLUMNS_MAX) {
      throw new IllegalArgumentException(
          "outliers of %d columns have no tiles, at most %d"
              .formatted(code.columns(), COLUMNS_MAX));
    }
    int[] positions = inverse(code.order(), code.columns());
    int[] words = new int[from.count()];
    for (int row = 0; row < code.rows(); row++) {
      int first = from.rowOffsets()[row];
      int end = from.rowOffsets()[row + 1];
      long[] byPosition = new long[end - first];
      for (int i = first; i < end; i++) {
        short half = Float.floatToFloat16(from.values()[i]);
        if (Float.float16ToFloat(half) != from.values()[i]) {
          throw new IllegalArgumentException(
              "outlier %s is no fp16 number".formatted(from.values()[i]));
        }
        long position = positions[from.columns()[i]];
        byPosition[i - first] = position << Short.SIZE | Short.toUnsignedInt(half);
      }
      Arrays.sort(byPosition);
      for (int i = first; i < end; i++) {
        words[i] = Integer.rotateLeft((int) byPosition[i - first], Short.SIZE);
      }
    }
    return words;
  }

  private static int[] inverse(int @Nullable [] order, int columns) {
    int[] inverse = new int[columns];
    for (int position = 0; position < columns; position++) {
      inverse[order == null ? position : order[position]] = position;
    }
    return inverse;
  }

  /** The codes as they were before {@link #pack}. */
  public GroupedCodes unpack() {
    int rows = codes.grid().rows();
    int columns = codes.grid().columns();
    return new GroupedCodes(
        rows,
        columns,
        codes.bits(),
        groupColumns,
        codes.unpack(),
        statistics.unpack(rows),
        order,
        unpackOutliers(rows));
  }

  private GroupedCodes.Outliers unpackOutliers(int rows) {
    int[] offsets = Arrays.copyOf(outlierOffsets, rows + 1);
    int[] columns = new int[outliers.length];
    float[] values = new float[outliers.length];
    for (int row = 0; row < rows; row++) {
      long[] byColumn = new long[offsets[row + 1] - offsets[row]];
      for (int i = 0; i < byColumn.length; i++) {
        int word = outliers[offsets[row] + i];
        long column = order == null ? word & 0xFFFF : order[word & 0xFFFF];
        byColumn[i] = column << Short.SIZE | word >>> Short.SIZE;
      }
      Arrays.sort(byColumn);
      for (int i = 0; i < byColumn.length; i++) {
        columns[offsets[row] + i] = (int) (byColumn[i] >>> Short.SIZE);
        values[offsets[row] + i] = Float.float16ToFloat((short) byColumn[i]);
      }
    }
    return new GroupedCodes.Outliers(offsets, columns, values);
  }
}
