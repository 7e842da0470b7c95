package tributary.compression.bands;

import java.util.Arrays;
import java.util.stream.IntStream;
import tributary.compression.bands.CodeSearch.Found;
import tributary.compression.solver.LeastSquares;

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
  @SuppressWarnings("ArrayRecordComponent") // A constant.
  record Effort(double[] factors, int rounds, int passes) {}

  /** Codes [bands][columns] and coefficients [rows][]. */
  @SuppressWarnings("ArrayRecordComponent") // Lives for one layer.
  record Coded(byte[][] codes, double[][] coefficients) {}

  private final BandCode code;
  private final Layer layer;
  private final CodeSearch search;
  private final int bands;
  private final float[] weightedTarget;

  BandEncoder(BandCode code, Layer layer) {
    this.code = code;
    this.layer = layer;
    this.search = new CodeSearch(layer, code.bandRows());
    this.bands = Math.ceilDiv(layer.rows(), code.bandRows());
    this.weightedTarget = layer.weighted(layer.target());
  }

  Coded encode(Effort effort) {
    double[][] start = new double[layer.rows()][];
    IntStream.range(0, start.length)
        .parallel()
        .forEach(row -> start[row] = code.start(targetRow(row)));
    double[][] coefficients = scaled(start, effort.factors()[0]);
    Found best = search.sweep(alphabets(coefficients));
    for (int i = 1; i < effort.factors().length; i++) {
      double[][] others = scaled(start, effort.factors()[i]);
      keepBetter(best, coefficients, search.sweep(alphabets(others)), others);
    }
    float[] gradients = fit(best.codes(), coefficients);
    for (int round = 0; round < effort.rounds(); round++) {
      Alphabet[] alphabets = alphabets(coefficients);
      for (int pass = 0; pass < effort.passes(); pass++) {
        search.descend(alphabets, best, gradients);
      }
      gradients = fit(best.codes(), coefficients);
    }
    return new Coded(best.codes(), coefficients);
  }

  private float[] targetRow(int row) {
    int columns = layer.columns();
    return Arrays.copyOfRange(layer.target(), row * columns, (row + 1) * columns);
  }

  private static double[][] scaled(double[][] coefficients, double factor) {
    return Arrays.stream(coefficients)
        .map(row -> Arrays.stream(row).map(c -> c * factor).toArray())
        .toArray(double[][]::new);
  }

  private void keepBetter(
      Found best, double[][] coefficients, Found other, double[][] otherCoefficients) {
    for (int band = 0; band < bands; band++) {
      if (other.losses()[band] < best.losses()[band]) {
        best.losses()[band] = other.losses()[band];
        best.codes()[band] = other.codes()[band];
        for (int row = firstRow(band); row < endRow(band); row++) {
          coefficients[row] = otherCoefficients[row];
        }
      }
    }
  }

  private Alphabet[] alphabets(double[][] coefficients) {
    Alphabet[] alphabets = new Alphabet[bands];
    Arrays.setAll(
        alphabets,
        band -> code.alphabet(Arrays.copyOfRange(coefficients, firstRow(band), endRow(band))));
    return alphabets;
  }

  /**
   * Gives every row the coefficients of least output error for the codes as they are.
   *
   * @return {@code (D - Q) H} with them
   */
  private float[] fit(byte[][] codes, double[][] coefficients) {
    int count = code.coefficients();
    float[][] patterns = new float[count][];
    float[][] weighted = new float[count][];
    for (int i = 0; i < count; i++) {
      patterns[i] = pattern(codes, i);
      weighted[i] = layer.weighted(patterns[i]);
    }
    float[] gradients = weightedTarget.clone();
    IntStream.range(0, layer.rows())
        .parallel()
        .forEach(row -> {
          double[] fitted = fitRow(row, patterns, weighted);
          if (fitted.length > 0) {
            coefficients[row] = fitted;
          }
          int first = row * layer.columns();
          for (int i = 0; i < count; i++) {
            float coefficient = (float) coefficients[row][i];
            for (int j = first; j < first + layer.columns(); j++) {
              gradients[j] -= coefficient * weighted[i][j];
            }
          }
        });
    return gradients;
  }

  private double[] fitRow(int row, float[][] patterns, float[][] weighted) {
    int count = patterns.length;
    double[][] normal = new double[count][count];
    double[] right = new double[count];
    for (int i = 0; i < count; i++) {
      right[i] = layer.dot(layer.target(), weighted[i], row);
      for (int k = 0; k < count; k++) {
        normal[i][k] = layer.dot(patterns[k], weighted[i], row);
      }
    }
    return LeastSquares.solve(normal, right);
  }

  /** What the codes add per unit of a coefficient. */
  private float[] pattern(byte[][] codes, int coefficient) {
    int columns = layer.columns();
    float[] pattern = new float[layer.rows() * columns];
    IntStream.range(0, layer.rows())
        .parallel()
        .forEach(row -> {
          byte[] band = codes[row / code.bandRows()];
          int rowOfBand = row % code.bandRows();
          for (int j = 0; j < columns; j++) {
            pattern[row * columns + j] = code.pattern(band[j] & 0xFF, rowOfBand, coefficient);
          }
        });
    return pattern;
  }

  private int firstRow(int band) {
    return band * code.bandRows();
  }

  private int endRow(int band) {
    return Math.min(layer.rows(), (band + 1) * code.bandRows());
  }
}
