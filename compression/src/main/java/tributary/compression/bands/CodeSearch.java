package tributary.compression.bands;

import java.util.stream.IntStream;
import tributary.compression.solver.Curvature;
import tributary.compression.solver.Rows;

/**
 * Finds codes of little output error, {@code (D - Q) H (D - Q)^T}, for bands of rows whose
 * alphabets are given. Bands do not depend on each other and are worked on in parallel, a panel at
 * a time, so that a row of the factor is read once for a panel.
 */
final class CodeSearch {
  /** Rows that share each reading of the curvature. */
  private static final int PANEL_ROWS = 16;

  private final Curvature curvature;
  private final double[][] target;
  private final int columns;

  /** A search for codes of {@code target} [rows][columns]. */
  CodeSearch(Curvature curvature, double[][] target) {
    this.curvature = curvature;
    this.target = target;
    this.columns = curvature.columns();
  }

  /** The bands' codes [columns], and their output errors. */
  @SuppressWarnings("ArrayRecordComponent") // Lives for one search.
  record Found(byte[][] codes, double[] losses) {}

  /**
   * Codes column after column: each error is made up for by the columns that follow, as the inverse
   * of the curvature says (GPTQ's sweep).
   */
  Found sweep(Alphabet[] bands, int bandRows) {
    byte[][] codes = new byte[bands.length][columns];
    double[] losses = new double[bands.length];
    panels(bands.length, bandRows, (from, end) -> sweep(bands, bandRows, from, end, codes, losses));
    return new Found(codes, losses);
  }

  private void sweep(
      Alphabet[] bands, int bandRows, int from, int end, byte[][] codes, double[] losses) {
    double[][] left = copyRows(bands, bandRows, from, end);
    double[] factor = curvature.factor();
    double[] wanted = new double[bandRows];
    for (int j = 0; j < columns; j++) {
      double diagonal = factor[j * columns + j];
      for (int band = from; band < end; band++) {
        Alphabet alphabet = bands[band];
        int first = (band - from) * bandRows;
        for (int r = 0; r < alphabet.rows(); r++) {
          wanted[r] = left[first + r][j];
        }
        int code = alphabet.nearest(wanted);
        codes[band][j] = (byte) code;
        for (int r = 0; r < alphabet.rows(); r++) {
          double error = (wanted[r] - alphabet.value(code, r)) / diagonal;
          losses[band] += error * error;
          Rows.add(
              left[first + r], j + 1, -error, factor, j * columns + j + 1, columns - j - 1);
        }
      }
    }
  }

  /**
   * Changes codes, column after column, to those of least error while all others stay: exact
   * coordinate descent. The error cannot rise.
   *
   * @param found is changed
   */
  void descend(Alphabet[] bands, int bandRows, Found found, int passes) {
    panels(
        bands.length, bandRows, (from, end) -> descend(bands, bandRows, from, end, found, passes));
  }

  private void descend(
      Alphabet[] bands, int bandRows, int from, int end, Found found, int passes) {
    double[][] residuals = copyRows(bands, bandRows, from, end);
    double[][] gradients = new double[residuals.length][columns];
    forEachRow(
        bands,
        bandRows,
        from,
        end,
        (band, r, row) -> {
          for (int j = 0; j < columns; j++) {
            residuals[row][j] -= bands[band].value(found.codes[band][j] & 0xFF, r);
          }
        });
    multiply(residuals, gradients);
    double[] wanted = new double[bandRows];
    for (int pass = 0; pass < passes; pass++) {
      for (int j = 0; j < columns; j++) {
        double curve = curvature.hessian()[j * columns + j];
        for (int band = from; band < end; band++) {
          change(bands[band], band, (band - from) * bandRows, j, curve, found, gradients, wanted);
        }
      }
    }
    losses(bands, bandRows, from, end, found);
  }

  private void change(
      Alphabet alphabet,
      int band,
      int first,
      int j,
      double curve,
      Found found,
      double[][] gradients,
      double[] wanted) {
    int old = found.codes[band][j] & 0xFF;
    for (int r = 0; r < alphabet.rows(); r++) {
      wanted[r] = alphabet.value(old, r) + gradients[first + r][j] / curve;
    }
    int code = alphabet.nearest(wanted);
    if (code == old) {
      return;
    }
    found.codes[band][j] = (byte) code;
    for (int r = 0; r < alphabet.rows(); r++) {
      double step = alphabet.value(code, r) - alphabet.value(old, r);
      Rows.add(gradients[first + r], 0, -step, curvature.hessian(), j * columns, columns);
    }
  }

  /** Sets the losses of the codes as they are. */
  void losses(Alphabet[] bands, int bandRows, Found found) {
    panels(bands.length, bandRows, (from, end) -> losses(bands, bandRows, from, end, found));
  }

  private void losses(Alphabet[] bands, int bandRows, int from, int end, Found found) {
    double[][] residuals = copyRows(bands, bandRows, from, end);
    double[][] gradients = new double[residuals.length][columns];
    forEachRow(
        bands,
        bandRows,
        from,
        end,
        (band, r, row) -> {
          for (int j = 0; j < columns; j++) {
            residuals[row][j] -= bands[band].value(found.codes[band][j] & 0xFF, r);
          }
        });
    multiply(residuals, gradients);
    for (int band = from; band < end; band++) {
      found.losses[band] = 0;
    }
    forEachRow(
        bands,
        bandRows,
        from,
        end,
        (band, r, row) -> found.losses[band] += Rows.dot(residuals[row], gradients[row], 0));
  }

  /** {@code out = x H}, a row of H at a time for all rows. */
  void multiply(double[][] x, double[][] out) {
    double[] hessian = curvature.hessian();
    for (int k = 0; k < columns; k++) {
      for (int row = 0; row < x.length; row++) {
        if (x[row].length > 0 && x[row][k] != 0) {
          Rows.add(out[row], 0, x[row][k], hessian, k * columns, columns);
        }
      }
    }
  }

  private interface RowWork {
    void on(int band, int rowOfBand, int rowOfPanel);
  }

  private static void forEachRow(
      Alphabet[] bands, int bandRows, int from, int end, RowWork work) {
    for (int band = from; band < end; band++) {
      for (int r = 0; r < bands[band].rows(); r++) {
        work.on(band, r, (band - from) * bandRows + r);
      }
    }
  }

  /** Copies of the target's rows of these bands; a band's rows begin at a multiple of bandRows. */
  private double[][] copyRows(Alphabet[] bands, int bandRows, int from, int end) {
    double[][] rows = new double[(end - from) * bandRows][0];
    forEachRow(
        bands, bandRows, from, end, (band, r, row) -> rows[row] = target[band * bandRows + r].clone());
    return rows;
  }

  private interface PanelWork {
    void on(int fromBand, int endBand);
  }

  private static void panels(int bands, int bandRows, PanelWork work) {
    int panelBands = Math.max(1, PANEL_ROWS / bandRows);
    IntStream.range(0, Math.ceilDiv(bands, panelBands))
        .parallel()
        .forEach(
            panel -> work.on(panel * panelBands, Math.min(bands, (panel + 1) * panelBands)));
  }
}
