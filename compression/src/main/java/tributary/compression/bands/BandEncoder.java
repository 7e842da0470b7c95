package tributary.compression.bands;

import java.util.Arrays;
import java.util.stream.IntStream;
import tributary.compression.bands.CodeSearch.Found;
import tributary.compression.solver.LeastSquares;
import tributary.compression.solver.StoredScale;

/**
 * Codes a target so that a layer's outputs change least: sweeps with several sizes of coefficients,
 * of which each band keeps the best, then rounds of fitting the coefficients to the codes and the
 * codes to the coefficients. No round can raise a row's error.
 *
 * <p>A share of each row of the base is fitted along with its coefficients: fine-tuning shrinks or
 * grows whole rows, which takes one number to say.
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

  /**
   * A coded layer.
   *
   * @param codes [bands][columns]
   * @param coefficients [rows][]
   * @param baseShares [rows], of the base's rows that are added
   */
  @SuppressWarnings("ArrayRecordComponent") // Lives for one layer.
  record Coded(byte[][] codes, double[][] coefficients, double[] baseShares) {
    /** What rows of the base are multiplied by, as stored. */
    float[] baseFactors() {
      float[] factors = new float[baseShares.length];
      for (int row = 0; row < factors.length; row++) {
        factors[row] = StoredScale.nearest(1 + baseShares[row]);
      }
      return factors;
    }
  }

  private final BandCode code;
  private final Layer layer;
  private final CodeSearch search;
  private final int bands;
  private final float[] weightedTarget;
  private final float[] weightedBase;
  private final double[] baseShares;

  BandEncoder(BandCode code, Layer layer) {
    this.code = code;
    this.layer = layer;
    this.search = new CodeSearch(layer, code.bandRows());
    this.bands = Math.ceilDiv(layer.rows(), code.bandRows());
    this.weightedTarget = layer.weighted(layer.target());
    this.weightedBase = layer.weighted(layer.base());
    this.baseShares = new double[layer.rows()];
  }

  Coded encode(Effort effort) {
    Arrays.setAll(baseShares, this::baseShare);
    float[] target = layer.targetWithout(baseShares);
    double[][] start = new double[layer.rows()][];
    IntStream.range(0, start.length)
        .parallel()
        .forEach(row -> start[row] = code.start(row(target, row)));
    double[][] coefficients = scaled(start, effort.factors()[0]);
    Found best = search.sweep(alphabets(coefficients), target);
    for (int i = 1; i < effort.factors().length; i++) {
      double[][] others = scaled(start, effort.factors()[i]);
      keepBetter(best, coefficients, search.sweep(alphabets(others), target), others);
    }
    float[] gradients = fit(best.codes(), coefficients);
    for (int round = 0; round < effort.rounds(); round++) {
      Alphabet[] alphabets = alphabets(coefficients);
      for (int pass = 0; pass < effort.passes(); pass++) {
        search.descend(alphabets, best, gradients);
      }
      gradients = fit(best.codes(), coefficients);
    }
    return new Coded(best.codes(), coefficients, baseShares);
  }

  /** The share of the base's row that alone comes nearest to the target. */
  private double baseShare(int row) {
    double own = layer.dot(layer.base(), weightedBase, row);
    return own > 0 ? layer.dot(layer.target(), weightedBase, row) / own : 0;
  }

  private float[] row(float[] values, int row) {
    int columns = layer.columns();
    return Arrays.copyOfRange(values, row * columns, (row + 1) * columns);
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
   * Gives every row the coefficients and the share of least output error for the codes as they are.
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
          fitRow(row, patterns, weighted, coefficients);
          int first = row * layer.columns();
          for (int i = 0; i < count; i++) {
            float coefficient = (float) coefficients[row][i];
            for (int j = first; j < first + layer.columns(); j++) {
              gradients[j] -= coefficient * weighted[i][j];
            }
          }
          float share = (float) baseShares[row];
          for (int j = first; j < first + layer.columns(); j++) {
            gradients[j] -= share * weightedBase[j];
          }
        });
    return gradients;
  }

  /** Where share and coefficients cannot be told apart, the share stays. */
  private void fitRow(int row, float[][] patterns, float[][] weighted, double[][] coefficients) {
    int count = patterns.length;
    double[] fitted =
        solve(
            row,
            layer.target(),
            withLast(patterns, layer.base()),
            withLast(weighted, weightedBase));
    if (fitted.length > 0) {
      coefficients[row] = Arrays.copyOf(fitted, count);
      baseShares[row] = fitted[count];
      return;
    }
    double[] alone = solve(row, layer.target(), patterns, weighted);
    if (alone.length > 0 && baseShares[row] == 0) {
      coefficients[row] = alone;
    }
  }

  private static float[][] withLast(float[][] values, float[] last) {
    float[][] all = Arrays.copyOf(values, values.length + 1);
    all[values.length] = last;
    return all;
  }

  private double[] solve(int row, float[] target, float[][] patterns, float[][] weighted) {
    int count = patterns.length;
    double[][] normal = new double[count][count];
    double[] right = new double[count];
    for (int i = 0; i < count; i++) {
      right[i] = layer.dot(target, weighted[i], row);
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
