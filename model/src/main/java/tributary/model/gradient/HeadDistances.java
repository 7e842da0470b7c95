package tributary.model.gradient;

import tributary.gpu.Gemm;

/**
 * Squared distances between the logits of two heads, W and V [vocabulary, hidden], that read x and
 * y, from products of a hidden size that are computed once. With d = x - y and E = W - V logits
 * differ by {@code W d + E y}, so that
 *
 * <pre>
 * distance = d A d + 2 d B y + y C y     gradient to x = 2 (A d + B y)
 *
 * A = W^T W   B = W^T E   C = E^T E      [hidden, hidden]
 * </pre>
 *
 * Every term is as small as what models differ by: nothing large cancels. A row costs 6 hidden^2
 * flops for two heads' 6 hidden vocabulary.
 */
public final class HeadDistances {
  /** Values of a head that are widened at a time, or one row of it. */
  private static final int PART = 1 << 20;

  private final Gemm gemm;
  private final HeadStep other;
  private final int hidden;
  private final float[] a;
  private final float[] b;
  private final float[] c;

  private HeadDistances(Gemm gemm, HeadStep other, int hidden) {
    this.gemm = gemm;
    this.other = other;
    this.hidden = hidden;
    this.a = new float[Math.multiplyExact(hidden, hidden)];
    this.b = new float[a.length];
    this.c = new float[a.length];
  }

  static HeadDistances between(HeadStep own, HeadStep other, Gemm gemm) {
    var distances = new HeadDistances(gemm, other, own.hidden());
    distances.addProducts(own.weight(), other.weight());
    return distances;
  }

  private void addProducts(Values own, Values theirs) {
    if (own.length() != theirs.length()) {
      throw new IllegalArgumentException(
          "heads of %d and %d values: wanted equal ones".formatted(own.length(), theirs.length()));
    }
    int part = Math.max(1, PART / hidden) * hidden;
    for (int from = 0; from < own.length(); from += part) {
      int size = Math.min(part, own.length() - from);
      float[] w = new float[size];
      own.read(from, w);
      float[] e = new float[size];
      theirs.read(from, e);
      for (int i = 0; i < size; i++) {
        e[i] = w[i] - e[i];
      }
      var extent = new Gemm.Extent(hidden, hidden, size / hidden);
      gemm.addGram(a, w, w, extent);
      gemm.addGram(b, w, e, extent);
      gemm.addGram(c, e, e, extent);
    }
  }

  /**
   * The loss of some rows.
   *
   * @param hiddens of the other model, as {@link GradientPass#hidden} makes them
   * @param rows of these, one for each row of the loss
   */
  public LogitLoss to(Matrix hiddens, int[] rows) {
    return new LogitLoss.HeadDistance(this, other.read(hiddens, rows));
  }

  /**
   * Replaces what the own head reads by the gradient of each row's distance; the distances' sum.
   *
   * @param firstRow of the loss, which {@code read} begins at
   */
  double toGradient(Matrix read, int firstRow, LogitLoss.HeadDistance loss) {
    int first = loss.read().start(firstRow);
    float[] y = new float[read.values().length];
    System.arraycopy(loss.read().values(), first, y, 0, y.length);
    float[] d = new float[y.length];
    for (int i = 0; i < d.length; i++) {
      d[i] = read.values()[i] - y[i];
    }
    var extent = new Gemm.Extent(read.rows(), hidden, hidden);
    float[] by = new float[y.length];
    gemm.addTransposed(by, y, b, extent);
    float[] cy = new float[y.length];
    gemm.addTransposed(cy, y, c, extent);
    float[] gradient = by.clone();
    gemm.addTransposed(gradient, d, a, extent);
    double sum = 0;
    for (int i = 0; i < d.length; i++) {
      read.values()[i] = 2 * gradient[i];
      sum += (double) d[i] * (gradient[i] + by[i]) + (double) y[i] * cy[i];
    }
    return sum;
  }
}
