package tributary.compression.bands;

import tributary.tensor.format.VectorCodes;

/**
 * Vector codes: d neighbouring rows share the index of a vector of the codebook; a row's one
 * coefficient is its scale.
 */
final class VectorBands implements BandCode {
  private final int rows;

  /** The codebook with each of its d coordinates side by side, [d][256]. */
  private final float[][] coordinates;

  /**
   * Of a codebook.
   *
   * @param codebook [256, d]
   */
  VectorBands(int rows, float[] codebook) {
    this.rows = rows;
    this.coordinates = new float[rows][VectorCodes.VECTORS];
    for (int i = 0; i < codebook.length; i++) {
      coordinates[i % rows][i / rows] = codebook[i];
    }
  }

  @Override
  public int bandRows() {
    return rows;
  }

  @Override
  public int coefficients() {
    return 1;
  }

  /** The codebook is for values of variance 1. */
  @Override
  public double[] start(float[] row) {
    double squares = 0;
    for (float value : row) {
      squares += (double) value * value;
    }
    return new double[] {Math.sqrt(squares / row.length)};
  }

  @Override
  public Alphabet alphabet(double[][] coefficients) {
    return new ScaledBook(coefficients);
  }

  @Override
  public float pattern(int code, int rowOfBand, int coefficient) {
    return coordinates[rowOfBand][code];
  }

  /** The codebook, every row times its scale. */
  private final class ScaledBook implements Alphabet {
    private final float[][] scaled;
    private final float[] squares = new float[VectorCodes.VECTORS];
    private final float[] distances = new float[VectorCodes.VECTORS];

    ScaledBook(double[][] scales) {
      scaled = new float[scales.length][VectorCodes.VECTORS];
      for (int r = 0; r < scales.length; r++) {
        for (int v = 0; v < VectorCodes.VECTORS; v++) {
          scaled[r][v] = (float) (scales[r][0] * coordinates[r][v]);
          squares[v] += scaled[r][v] * scaled[r][v];
        }
      }
    }

    @Override
    public int rows() {
      return scaled.length;
    }

    /** |w - b|^2 is |b|^2 - 2 w b, but for what all vectors have in common. */
    @Override
    public int nearest(float[] wanted) {
      System.arraycopy(squares, 0, distances, 0, VectorCodes.VECTORS);
      for (int r = 0; r < scaled.length; r++) {
        float factor = -2 * wanted[r];
        float[] row = scaled[r];
        for (int v = 0; v < VectorCodes.VECTORS; v++) {
          distances[v] += factor * row[v];
        }
      }
      // The least first, which compilers find many at a time; then the first that is as near.
      float least = distances[0];
      for (int v = 1; v < VectorCodes.VECTORS; v++) {
        least = Math.min(least, distances[v]);
      }
      int nearest = 0;
      while (distances[nearest] > least) {
        nearest++;
      }
      return nearest;
    }

    @Override
    public float value(int code, int row) {
      return scaled[row][code];
    }
  }
}
