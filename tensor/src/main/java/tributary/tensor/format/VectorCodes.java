package tributary.tensor.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.Stream;
import tributary.protocol.Bytes;

/**
 * A matrix in which d neighbouring rows of a column share one byte, the index of a vector of d
 * numbers: {@code D[r, c] = scale[r] * codebook[index[r / d, c], r % d]}. That is 8 / d bits a
 * weight.
 *
 * <p>Layout of {@code indices}: bands of d rows in order, each {@code columns} bytes. The last band
 * may have fewer rows; the rest of its vectors is unused.
 *
 * @param vectorRows d, 1 to 32
 * @param indices [ceil(rows / d), columns] bytes
 * @param codebook [256, d], shared by many matrices of a file
 * @param scales [rows]
 */
@SuppressWarnings("ArrayRecordComponent") // Kernels read them in their inner loops.
public record VectorCodes(
    int rows, int columns, int vectorRows, MemorySegment indices, float[] codebook, float[] scales)
    implements MatrixCode {
  /** Vectors of a codebook. */
  public static final int VECTORS = 256;

  /** The most rows that share an index. */
  public static final int ROWS_MAX = 32;

  public VectorCodes {
    if (vectorRows < 1 || vectorRows > ROWS_MAX) {
      throw new IllegalArgumentException(
          "vector codes: %d rows share an index, wanted 1..%d".formatted(vectorRows, ROWS_MAX));
    }
    MatrixCode.requireSize("vector codes", indices, indexBytes(rows, columns, vectorRows));
    if (codebook.length != VECTORS * vectorRows || scales.length != rows) {
      throw new IllegalArgumentException(
          "vector codes: found %d codebook entries and %d scales, wanted %d and %d"
              .formatted(codebook.length, scales.length, VECTORS * vectorRows, rows));
    }
  }

  public static long indexBytes(int rows, int columns, int vectorRows) {
    return (long) Math.ceilDiv(rows, vectorRows) * columns;
  }

  public int index(int row, int column) {
    long at = (long) (row / vectorRows) * columns + column;
    return indices.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
  }

  @Override
  public float value(int row, int column) {
    return scales[row] * codebook[index(row, column) * vectorRows + row % vectorRows];
  }

  @Override
  public void readRow(int row, float[] out) {
    byte[] band = new byte[columns];
    long first = (long) (row / vectorRows) * columns;
    MemorySegment.copy(indices, ValueLayout.JAVA_BYTE, first, band, 0, columns);
    int within = row % vectorRows;
    float scale = scales[row];
    for (int column = 0; column < columns; column++) {
      out[column] = scale * codebook[(band[column] & 0xFF) * vectorRows + within];
    }
  }

  @Override
  public Stream<MemorySegment> codeSegments() {
    return Stream.of(indices);
  }

  /** The codebook is not counted: one serves a whole file. */
  @Override
  public Bytes size() {
    return new Bytes(indices.byteSize() + MatrixCode.halfBytes(scales.length));
  }
}
