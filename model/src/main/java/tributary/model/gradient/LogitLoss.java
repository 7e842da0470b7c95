package tributary.model.gradient;

/** A loss on rows of logits: the mean of what each row loses. */
public sealed interface LogitLoss {
  /** A loss that has to see the logits. */
  sealed interface OfLogits extends LogitLoss {
    /**
     * The loss of one row.
     *
     * @param row counts the rows whose logits are computed
     * @param logits at {@code [from .. from + count)}; replaced by the gradient of this row's loss
     */
    double replaceByGradient(int row, float[] logits, int from, int count);
  }

  /**
   * How unlikely the true next token was, in nats.
   *
   * @param targets the token that follows each row
   */
  @SuppressWarnings("ArrayRecordComponent") // Read in loops, never compared.
  record CrossEntropy(int[] targets) implements OfLogits {
    @Override
    public double replaceByGradient(int row, float[] logits, int from, int count) {
      int target = from + targets[row];
      double logit = logits[target];
      double logSum = softmax(logits, from, count);
      logits[target] -= 1;
      return logSum - logit;
    }
  }

  /**
   * The squared distance to other logits, as BitDelta's scales are distilled.
   *
   * @param teacher a row for each
   */
  record SquaredDistance(Matrix teacher) implements OfLogits {
    @Override
    public double replaceByGradient(int row, float[] logits, int from, int count) {
      int wanted = teacher.start(row);
      double sum = 0;
      for (int i = 0; i < count; i++) {
        float off = logits[from + i] - teacher.values()[wanted + i];
        sum += (double) off * off;
        logits[from + i] = 2 * off;
      }
      return sum;
    }
  }

  /**
   * {@link SquaredDistance} to the logits of another model, without making any.
   *
   * @param read what the other model's head multiplies with, a row for each
   */
  record HeadDistance(HeadDistances of, Matrix read) implements LogitLoss {}

  /**
   * The Kullback-Leibler divergence from another model's distribution, in nats.
   *
   * @param teacher that model's logits, a row for each
   */
  record Divergence(Matrix teacher) implements OfLogits {
    @Override
    public double replaceByGradient(int row, float[] logits, int from, int count) {
      float[] wanted = new float[count];
      System.arraycopy(teacher.values(), teacher.start(row), wanted, 0, count);
      double[] differences = new double[count];
      for (int i = 0; i < count; i++) {
        differences[i] = (double) wanted[i] - logits[from + i];
      }
      double logSums = softmax(logits, from, count) - softmax(wanted, 0, count);
      double sum = 0;
      for (int i = 0; i < count; i++) {
        sum += wanted[i] * (differences[i] + logSums);
        logits[from + i] -= wanted[i];
      }
      return sum;
    }
  }

  /** Replaces logits by probabilities; returns the logarithm of the sum of their exponentials. */
  private static double softmax(float[] logits, int from, int count) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = from; i < from + count; i++) {
      largest = Math.max(largest, logits[i]);
    }
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      double exponential = Math.exp(logits[i] - largest);
      logits[i] = (float) exponential;
      sum += exponential;
    }
    for (int i = from; i < from + count; i++) {
      logits[i] = (float) (logits[i] / sum);
    }
    return largest + Math.log(sum);
  }
}
