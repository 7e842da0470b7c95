package tributary.compression.solver;

/** Arithmetic of rows, in loops that compilers turn into vector instructions. */
public final class Rows {
  private Rows() {}

  /** {@code out[first + i] += factor * x[from + i]} for i in [0, count). */
  public static void add(double[] out, int first, double factor, double[] x, int from, int count) {
    for (int i = 0; i < count; i++) {
      out[first + i] += factor * x[from + i];
    }
  }

  /** The sum of {@code a[i] * b[first + i]} for i in [0, a.length). */
  public static double dot(double[] a, double[] b, int first) {
    double even = 0;
    double odd = 0;
    double third = 0;
    double fourth = 0;
    int i = 0;
    for (; i + 4 <= a.length; i += 4) {
      even += a[i] * b[first + i];
      odd += a[i + 1] * b[first + i + 1];
      third += a[i + 2] * b[first + i + 2];
      fourth += a[i + 3] * b[first + i + 3];
    }
    for (; i < a.length; i++) {
      even += a[i] * b[first + i];
    }
    return even + odd + third + fourth;
  }
}
