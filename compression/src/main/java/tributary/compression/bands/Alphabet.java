package tributary.compression.bands;

/**
 * What one column of a band of rows may decode to: a code stands for one number in each of the
 * band's rows. Bands are single rows where rows are coded on their own.
 */
interface Alphabet {
  /** Rows of the band. */
  int rows();

  /** The code whose numbers are nearest to {@code wanted}, by the sum of squares. */
  int nearest(float[] wanted);

  /** The number that a code stands for in one of the rows. */
  float value(int code, int row);
}
