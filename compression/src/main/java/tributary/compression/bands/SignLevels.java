package tributary.compression.bands;

/** The levels of one row of sign planes: every sum of plus or minus each scale. */
final class SignLevels implements Alphabet {
  private final float[] values;

  /** Codes in ascending order of their levels. */
  private final int[] ascending;

  /** Halfway between neighbouring levels, in ascending order. */
  private final float[] borders;

  SignLevels(double[] scales) {
    values = new float[1 << scales.length];
    for (int code = 0; code < values.length; code++) {
      for (int p = 0; p < scales.length; p++) {
        values[code] += (float) ((code >>> p & 1) == 1 ? scales[p] : -scales[p]);
      }
    }
    ascending = new int[values.length];
    for (int code = 0; code < values.length; code++) {
      int at = code;
      for (; at > 0 && values[ascending[at - 1]] > values[code]; at--) {
        ascending[at] = ascending[at - 1];
      }
      ascending[at] = code;
    }
    borders = new float[values.length - 1];
    for (int i = 0; i < borders.length; i++) {
      borders[i] = (values[ascending[i]] + values[ascending[i + 1]]) / 2;
    }
  }

  @Override
  public int rows() {
    return 1;
  }

  int count() {
    return values.length;
  }

  /** The code of the n-th smallest level. */
  int code(int level) {
    return ascending[level];
  }

  /**
   * Where the values end that are nearest to the n-th smallest level, if they begin at {@code
   * first}.
   */
  int end(int level, float[] sorted, int first) {
    if (level == borders.length) {
      return sorted.length;
    }
    int low = first;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] >= borders[level]) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  @Override
  public int nearest(float[] wanted) {
    float value = wanted[0];
    int low = 0;
    for (int step = values.length / 2; step > 0; step /= 2) {
      low += value >= borders[low + step - 1] ? step : 0;
    }
    return ascending[low];
  }

  @Override
  public float value(int code, int row) {
    return values[code];
  }
}
