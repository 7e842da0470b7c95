package tributary.compression.bands;

/** What vector codes lose of independent normal values, as a share of their variance. */
public final class CodebookDistortion {
  /** Measured on samples that the codebooks were not made of, by rows that share a byte. */
  private static final double[] BY_ROWS = {
    1, 0.00056, 0.00984, 0.04441, 0.10108, 0.16240, 0.22339, 0.27988, 0.33088, 0.37579, 0.41490,
    0.45250, 0.48397, 0.51522, 0.54020, 0.56602, 0.58394
  };

  /** Rows for which it is known. */
  public static final int ROWS_MAX = BY_ROWS.length - 1;

  private CodebookDistortion() {}

  /**
   * The mean squared error of the codebook for {@code vectorRows} rows.
   *
   * @param vectorRows 1 to {@link #ROWS_MAX}
   */
  public static double of(int vectorRows) {
    if (vectorRows < 1 || vectorRows > ROWS_MAX) {
      throw new IllegalArgumentException(
          "%d rows share a byte, wanted 1 to %d".formatted(vectorRows, ROWS_MAX));
    }
    return BY_ROWS[vectorRows];
  }
}
