package tributary.tensor.format;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Bytes;

/**
 * A matrix of codes with a scale and a zero for each group of neighbouring stored columns, and a
 * few outliers on top: {@code D[r, order[p]] = scale[r, p / g] * (code[r, p] - zero[r, p / g]) +
 * outlier[r, order[p]]}.
 *
 * <p>Layout of {@code codes}: rows in order, each a {@link BitStream} of {@code columns} codes, in
 * stored order, that begins at a whole byte.
 *
 * @param bits 1 to 8
 * @param groupColumns stored columns that share a scale and a zero; {@code columns} for one a row
 * @param order the column that each stored position belongs to; null when they are the same
 */
@SuppressWarnings("ArrayRecordComponent") // Kernels read them in their inner loops.
public record GroupedCodes(
    int rows,
    int columns,
    int bits,
    int groupColumns,
    MemorySegment codes,
    GroupStatistics statistics,
    int @Nullable [] order,
    Outliers outliers)
    implements MatrixCode {
  // Written out, because a compact constructor's class file loses that an array may be null.
  public GroupedCodes(
      int rows,
      int columns,
      int bits,
      int groupColumns,
      MemorySegment codes,
      GroupStatistics statistics,
      int @Nullable [] order,
      Outliers outliers) {
    if (bits < 1 || bits > 8 || groupColumns < 1 || groupColumns > columns) {
      throw new IllegalArgumentException(
          "grouped codes: bits=%d groupColumns=%d columns=%d; wanted 1..8 and 1..columns"
              .formatted(bits, groupColumns, columns));
    }
    MatrixCode.requireSize("grouped codes", codes, codeBytes(rows, columns, bits));
    statistics.requireGrid(rows, Math.ceilDiv(columns, groupColumns));
    outliers.requireGrid(rows, columns);
    if (order != null) {
      requirePermutation(order, columns);
    }
    this.rows = rows;
    this.columns = columns;
    this.bits = bits;
    this.groupColumns = groupColumns;
    this.codes = codes;
    this.statistics = statistics;
    this.order = order;
    this.outliers = outliers;
  }

  /** Codes in the order of their columns, without outliers. */
  public GroupedCodes(
      int rows,
      int columns,
      int bits,
      int groupColumns,
      MemorySegment codes,
      GroupStatistics statistics) {
    this(rows, columns, bits, groupColumns, codes, statistics, null, Outliers.none(rows));
  }

  /** The same codes with other statistics; shares memory with this. */
  public GroupedCodes withStatistics(GroupStatistics others) {
    return new GroupedCodes(rows, columns, bits, groupColumns, codes, others, order, outliers);
  }

  /** The same codes as those of columns in another order; shares memory with this. */
  public GroupedCodes withOrder(int[] columnOfPosition) {
    return new GroupedCodes(
        rows, columns, bits, groupColumns, codes, statistics, columnOfPosition, outliers);
  }

  private static void requirePermutation(int[] order, int columns) {
    boolean[] seen = new boolean[columns];
    boolean fits = order.length == columns;
    for (int i = 0; fits && i < columns; i++) {
      fits = order[i] >= 0 && order[i] < columns && !seen[order[i]];
      if (fits) {
        seen[order[i]] = true;
      }
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "grouped codes: the order of columns is not a permutation of 0 .. " + (columns - 1));
    }
  }

  public static long codeBytes(int rows, int columns, int bits) {
    return rows * BitStream.bytes(columns, bits);
  }

  /** What the codes alone decode to, at stored position {@code position}. */
  public float dense(int row, int position) {
    int code = BitStream.get(codes, row * BitStream.bytes(columns, bits), position, bits);
    int group = position / groupColumns;
    return statistics.scale(row, group) * (code - statistics.zero(row, group));
  }

  @Override
  public float value(int row, int column) {
    int outlier = outliers.find(row, column);
    float dense = dense(row, position(column));
    return outlier < 0 ? dense : dense + outliers.values()[outlier];
  }

  private int position(int column) {
    if (order == null) {
      return column;
    }
    for (int position = 0; position < columns; position++) {
      if (order[position] == column) {
        return position;
      }
    }
    throw new IndexOutOfBoundsException("column " + column);
  }

  @Override
  public void readRow(int row, float[] out) {
    byte[] stored = new byte[columns];
    BitStream.unpack(codes, row * BitStream.bytes(columns, bits), bits, stored);
    float[] scales = new float[Math.ceilDiv(columns, groupColumns)];
    float[] zeros = new float[scales.length];
    statistics.readRow(row, scales, zeros);
    for (int group = 0; group < scales.length; group++) {
      int first = group * groupColumns;
      float scale = scales[group];
      float zero = zeros[group];
      for (int p = first; p < Math.min(first + groupColumns, columns); p++) {
        out[order == null ? p : order[p]] = scale * ((stored[p] & 0xFF) - zero);
      }
    }
    for (int i = outliers.rowOffsets()[row]; i < outliers.rowOffsets()[row + 1]; i++) {
      out[outliers.columns()[i]] += outliers.values()[i];
    }
  }

  @Override
  public Stream<MemorySegment> codeSegments() {
    return Stream.of(codes);
  }

  @Override
  public Bytes size() {
    long orderBytes = order == null ? 0 : (long) Short.BYTES * columns;
    return new Bytes(
        codes.byteSize() + statistics.size().count() + outliers.size().count() + orderBytes);
  }

  /**
   * Weights that are stored beside the codes, row after row (CSR). A value is added to what the
   * code decodes to.
   *
   * @param rowOffsets [rows + 1], from 0, not decreasing: where each row's outliers begin
   * @param columns ascending within a row
   */
  public record Outliers(int[] rowOffsets, int[] columns, float[] values) {
    /** No outliers in {@code rows} rows. */
    public static Outliers none(int rows) {
      return new Outliers(new int[rows + 1], new int[0], new float[0]);
    }

    public int count() {
      return values.length;
    }

    /** Where the outlier of an element is; negative when it has none. */
    int find(int row, int column) {
      return Arrays.binarySearch(columns, rowOffsets[row], rowOffsets[row + 1], column);
    }

    void requireGrid(int rows, int columnCount) {
      boolean fits =
          rowOffsets.length == rows + 1
              && rowOffsets[0] == 0
              && rowOffsets[rows] == values.length
              && columns.length == values.length;
      for (int row = 0; fits && row < rows; row++) {
        fits = rowOffsets[row] <= rowOffsets[row + 1] && rowOffsets[row + 1] <= values.length;
        for (int i = rowOffsets[row]; fits && i < rowOffsets[row + 1]; i++) {
          boolean ascends = i == rowOffsets[row] || columns[i - 1] < columns[i];
          fits = ascends && columns[i] >= 0 && columns[i] < columnCount;
        }
      }
      if (!fits) {
        throw new IllegalArgumentException(
            "outliers: offsets must rise from 0 to %d over %d rows, columns must ascend below %d"
                .formatted(values.length, rows, columnCount));
      }
    }

    /** 32 bits an outlier (column and fp16 value), and an offset a row where there are any. */
    Bytes size() {
      return count() == 0
          ? Bytes.ZERO
          : new Bytes((long) Integer.BYTES * (count() + rowOffsets.length));
    }
  }
}
