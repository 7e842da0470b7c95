package tributary.compression.bands;

import java.util.stream.IntStream;

/**
 * Finds codes of little output error, {@code (D - Q) H (D - Q)^T}, for bands of rows whose
 * alphabets are given. Columns are taken in blocks: within a block a choice is felt at once by the
 * columns that follow, and what all choices of a block mean for the other columns is one product.
 */
final class CodeSearch {
  /** Columns of a block. */
  private static final int BLOCK = 64;

  private final Layer layer;
  private final int bandRows;
  private final int columns;

  CodeSearch(Layer layer, int bandRows) {
    this.layer = layer;
    this.bandRows = bandRows;
    this.columns = layer.columns();
  }

  /** The bands' codes [columns], and their output errors. */
  @SuppressWarnings("ArrayRecordComponent") // Lives for one search.
  record Found(byte[][] codes, double[] losses) {}

  /**
   * Codes column after column: each error is made up for by the columns that follow, as the inverse
   * of the curvature says (GPTQ's sweep).
   *
   * @param target D [rows, columns]
   */
  Found sweep(Alphabet[] bands, float[] target) {
    Found found = new Found(new byte[bands.length][columns], new double[bands.length]);
    float[] left = target.clone();
    for (int first = 0; first < columns; first += BLOCK) {
      int count = Math.min(BLOCK, columns - first);
      int start = first;
      float[] errors = new float[layer.rows() * count];
      IntStream.range(0, bands.length)
          .parallel()
          .forEach(band -> sweep(bands[band], band, start, count, left, errors, found));
      if (first + count < columns) {
        layer.subtract(left, errors, count, layer.factor(), first);
      }
    }
    return found;
  }

  private void sweep(
      Alphabet alphabet,
      int band,
      int first,
      int count,
      float[] left,
      float[] errors,
      Found found) {
    float[] factor = layer.factor();
    float[] wanted = new float[alphabet.rows()];
    int firstRow = band * bandRows;
    for (int j = first; j < first + count; j++) {
      float diagonal = factor[j * columns + j];
      for (int r = 0; r < wanted.length; r++) {
        wanted[r] = left[(firstRow + r) * columns + j];
      }
      int code = alphabet.nearest(wanted);
      found.codes[band][j] = (byte) code;
      for (int r = 0; r < wanted.length; r++) {
        float error = (wanted[r] - alphabet.value(code, r)) / diagonal;
        found.losses[band] += (double) error * error;
        errors[(firstRow + r) * count + j - first] = error;
        subtract(left, (firstRow + r) * columns, error, factor, j, first + count);
      }
    }
  }

  /**
   * Changes codes, column after column, to those of least error while all others stay: exact
   * coordinate descent. The error cannot rise.
   *
   * @param found is changed; its losses are not kept
   * @param gradients {@code (D - Q) H} for the codes as they are; is changed with them
   */
  void descend(Alphabet[] bands, Found found, float[] gradients) {
    for (int first = 0; first < columns; first += BLOCK) {
      int count = Math.min(BLOCK, columns - first);
      int start = first;
      float[] steps = new float[layer.rows() * count];
      float[] block = new float[layer.rows() * count];
      for (int row = 0; row < layer.rows(); row++) {
        System.arraycopy(gradients, row * columns + first, block, row * count, count);
      }
      IntStream.range(0, bands.length)
          .parallel()
          .forEach(band -> descend(bands[band], band, start, count, block, steps, found));
      layer.subtract(gradients, steps, count, layer.hessian(), first);
    }
  }

  private void descend(
      Alphabet alphabet,
      int band,
      int first,
      int count,
      float[] gradients,
      float[] steps,
      Found found) {
    float[] hessian = layer.hessian();
    float[] wanted = new float[alphabet.rows()];
    int firstRow = band * bandRows;
    for (int j = 0; j < count; j++) {
      float curve = hessian[(first + j) * columns + first + j];
      int old = found.codes[band][first + j] & 0xFF;
      for (int r = 0; r < wanted.length; r++) {
        wanted[r] = alphabet.value(old, r) + gradients[(firstRow + r) * count + j] / curve;
      }
      int code = alphabet.nearest(wanted);
      if (code != old) {
        found.codes[band][first + j] = (byte) code;
        for (int r = 0; r < wanted.length; r++) {
          float step = alphabet.value(code, r) - alphabet.value(old, r);
          steps[(firstRow + r) * count + j] = step;
          int row = (first + j) * columns + first;
          for (int k = 0; k < count; k++) {
            gradients[(firstRow + r) * count + k] -= step * hessian[row + k];
          }
        }
      }
    }
  }

  /** Row {@code at} of {@code out}, columns past j, less {@code factor} times row j of a matrix. */
  private void subtract(float[] out, int at, float factor, float[] matrix, int j, int end) {
    int row = j * columns;
    for (int k = j + 1; k < end; k++) {
      out[at + k] -= factor * matrix[row + k];
    }
  }
}
