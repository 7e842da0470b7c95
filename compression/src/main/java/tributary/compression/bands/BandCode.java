package tributary.compression.bands;

/**
 * A family of alphabets: what a band of rows can be coded with, once its coefficients are known. A
 * decoded row is {@code sum over coefficients i of coefficient[i] * pattern(code[c], row, i)}.
 */
interface BandCode {
  /** Rows of a band, but for the last band, which may have fewer. */
  int bandRows();

  /** Coefficients of a row. */
  int coefficients();

  /** Coefficients to begin with: good ones for values that are rounded one by one. */
  double[] start(float[] row);

  /** The alphabet of a band whose rows have these coefficients, [rows of the band][]. */
  Alphabet alphabet(double[][] coefficients);

  /** What a code adds per unit of a coefficient. */
  float pattern(int code, int rowOfBand, int coefficient);
}
