package tributary.compression.bands;

import java.util.Arrays;
import java.util.stream.IntStream;
import tributary.compression.bands.CodeSearch.Found;
import tributary.compression.solver.Curvature;
import tributary.compression.solver.LeastSquares;
import tributary.compression.solver.Rows;

/**
 * Codes a target so that a layer's outputs change least: sweeps with several sizes of coefficients,
 * of which each band keeps the best, then rounds of fitting the coefficients to the codes and the
 * codes to the coefficients. No round can raise a row's error.
 */
final class BandEncoder {
  /**
   * How hard to search.
   *
   * @param factors by which a sweep's coefficients are those of rounding
   * @param rounds of coefficients and codes in turn
   * @param passes of coordinate descent in a round
   */
  record Effort(double[] factors, int rounds, int passes) {}

  /** Codes [bands][columns], coefficients [rows][], output errors [bands]. */
  @SuppressWarnings("ArrayRecordComponent") // Lives for one layer.
  record Coded(byte[][] codes, double[][] coefficients, double[] losses) {
    double loss() {
      return Arrays.stream(losses).sum();
    }
  }

  private final BandCode code;
  private final Curvature curvature;
  private final double[][] target;
  private final CodeSearch search;
  private final int bands;

  BandEncoder(BandCode code, Curvature curvature, double[][] target) {
    this.code = code;
    this.curvature = curvature;
    this.target = target;
    this.search = new CodeSearch(curvature, target);
    this.bands = Math.ceilDiv(target.length, code.bandRows());
  }

  Coded encode(Effort effort) {
    double[][] start = new double[target.length][];
    IntStream.range(0, target.length)
        .parallel()
        .forEach(row -> start[row] = code.start(target[row]));
    Coded best = sweep(start, effort.factors()[0]);
    for (int i = 1; i < effort.factors().length; i++) {
      keepBetter(best, sweep(start, effort.factors()[i]));
    }
    for (int round = 0; round < effort.rounds(); round++) {
      fit(best);
      Found found = new Found(best.codes, best.losses);
      search.descend(alphabets(best.coefficients), code.bandRows(), found, effort.passes());
    }
    fit(best);
    return best;
  }

  private Coded sweep(double[][] start, double factor) {
    double[][] coefficients = new double[start.length][];
    for (int row = 0; row < start.length; row++) {
      coefficients[row] = Arrays.stream(start[row]).map(c -> c * factor).toArray();
    }
    Found found = search.sweep(alphabets(coefficients), code.bandRows());
    return new Coded(found.codes(), coefficients, found.losses());
  }

  private void keepBetter(Coded best, Coded other) {
    for (int band = 0; band < bands; band++) {
      if (other.losses[band] < best.losses[band]) {
        best.losses[band] = other.losses[band];
        best.codes[band] = other.codes[band];
        for (int row = firstRow(band); row < endRow(band); row++) {
          best.coefficients[row] = other.coefficients[row];
        }
      }
    }
  }

  Alphabet[] alphabets(double[][] coefficients) {
    Alphabet[] alphabets = new Alphabet[bands];
    Arrays.setAll(
        alphabets,
        band ->
            code.alphabet(Arrays.copyOfRange(coefficients, firstRow(band), endRow(band))));
    return alphabets;
  }

  /** The coefficients of least output error for the codes as they are. */
  private void fit(Coded coded) {
    int panel = Math.max(1, 16 / code.bandRows()) * code.bandRows();
    IntStream.range(0, Math.ceilDiv(target.length, panel))
        .parallel()
        .forEach(
            p -> fitRows(coded, p * panel, Math.min(target.length, (p + 1) * panel)));
  }

  private void fitRows(Coded coded, int from, int end) {
    int count = code.coefficients();
    int columns = curvature.columns();
    double[][][] patterns = new double[count][end - from][columns];
    double[][][] weighted = new double[count][end - from][columns];
    for (int i = 0; i < count; i++) {
      for (int row = from; row < end; row++) {
        byte[] codes = coded.codes[row / code.bandRows()];
        for (int j = 0; j < columns; j++) {
          patterns[i][row - from][j] =
              code.pattern(codes[j] & 0xFF, row % code.bandRows(), i);
        }
      }
      search.multiply(patterns[i], weighted[i]);
    }
    for (int row = from; row < end; row++) {
      double[][] normal = new double[count][count];
      double[] right = new double[count];
      for (int i = 0; i < count; i++) {
        right[i] = Rows.dot(target[row], weighted[i][row - from], 0);
        for (int k = 0; k < count; k++) {
          normal[i][k] = Rows.dot(patterns[k][row - from], weighted[i][row - from], 0);
        }
      }
      double[] fitted = LeastSquares.solve(normal, right);
      if (fitted.length > 0) {
        coded.coefficients[row] = fitted;
      }
    }
  }

  private int firstRow(int band) {
    return band * code.bandRows();
  }

  private int endRow(int band) {
    return Math.min(target.length, (band + 1) * code.bandRows());
  }
}
