package tributary.model.gradient;

import java.util.Arrays;
import tributary.gpu.Attention.Scores;
import tributary.gpu.Gemm;
import tributary.model.family.Dimensions;

/**
 * Causal attention within each sequence. The query heads that share a key-value head are taken
 * together, G of them, as one tall matrix of queries over one of keys and one of values:
 *
 * <pre>
 * S = cap(scale Q K^T)    P = softmax over the positions that a query sees    O = P V
 *
 * Q, O [G t, d]   K, V [t, d]   S, P [G t, t]      t tokens of the sequence, d the head size
 * </pre>
 *
 * so that sums over the group happen in the products. P is computed again on the way back.
 */
final class AttentionStep {
  private final TokenBatch batch;
  private final Gemm gemm;
  private final int kvHeads;
  private final int group;
  private final int size;
  private final Scores rule;

  /** Queries, keys and values [T, heads * d], or their gradients. */
  record Operands(Matrix queries, Matrix keys, Matrix values) {}

  AttentionStep(TokenBatch batch, Dimensions dimensions, Scores rule, Gemm gemm) {
    this.batch = batch;
    this.gemm = gemm;
    this.kvHeads = dimensions.kvHeads();
    this.group = dimensions.heads() / kvHeads;
    this.size = dimensions.headSize();
    this.rule = rule;
  }

  /** What each query attends to, [T, heads * d]. */
  Matrix forward(Operands x) {
    Matrix out = Matrix.zeros(x.queries.rows(), x.queries.columns());
    forEachHead((first, tokens, head) -> {
      Matrix queries = gather(x.queries, first, tokens, head, group);
      Matrix keys = gather(x.keys, first, tokens, head, 1);
      Matrix values = gather(x.values, first, tokens, head, 1);
      Matrix weights = weights(scores(queries, keys));
      Matrix attended = Matrix.zeros(queries.rows(), size);
      gemm.add(
          attended.values(),
          weights.values(),
          values.values(),
          new Gemm.Extent(queries.rows(), size, tokens));
      scatter(out, attended, first, tokens, head);
    });
    return out;
  }

  /** The gradients of queries, keys and values. */
  Operands backward(Matrix dOut, Operands x) {
    Operands gradients =
        new Operands(
            Matrix.zeros(x.queries.rows(), x.queries.columns()),
            Matrix.zeros(x.keys.rows(), x.keys.columns()),
            Matrix.zeros(x.values.rows(), x.values.columns()));
    forEachHead((first, tokens, head) -> {
      Matrix queries = gather(x.queries, first, tokens, head, group);
      Matrix keys = gather(x.keys, first, tokens, head, 1);
      Matrix values = gather(x.values, first, tokens, head, 1);
      Matrix dAttended = gather(dOut, first, tokens, head, group);
      Operands own = backward(dAttended, queries, keys, values);
      scatter(gradients.queries, own.queries, first, tokens, head);
      scatter(gradients.keys, own.keys, first, tokens, head);
      scatter(gradients.values, own.values, first, tokens, head);
    });
    return gradients;
  }

  private Operands backward(Matrix dAttended, Matrix queries, Matrix keys, Matrix values) {
    int rows = queries.rows();
    int tokens = keys.rows();
    Matrix scores = scores(queries, keys);
    Matrix weights = weights(scores.copy());
    Matrix dValues = Matrix.zeros(tokens, size);
    gemm.addGram(
        dValues.values(),
        weights.values(),
        dAttended.values(),
        new Gemm.Extent(tokens, size, rows));
    Matrix dScores = Matrix.zeros(rows, tokens);
    gemm.addTransposed(
        dScores.values(), dAttended.values(), values.values(), new Gemm.Extent(rows, tokens, size));
    throughSoftmax(dScores, weights, scores);
    Matrix dQueries = Matrix.zeros(rows, size);
    gemm.add(
        dQueries.values(), dScores.values(), keys.values(), new Gemm.Extent(rows, size, tokens));
    Matrix dKeys = Matrix.zeros(tokens, size);
    gemm.addGram(
        dKeys.values(), dScores.values(), queries.values(), new Gemm.Extent(tokens, size, rows));
    return new Operands(dQueries, dKeys, dValues);
  }

  /** S without what a query does not see: row {@code g * tokens + t} is query head g of token t. */
  private Matrix scores(Matrix queries, Matrix keys) {
    int tokens = keys.rows();
    Matrix scores = Matrix.zeros(queries.rows(), tokens);
    gemm.addTransposed(
        scores.values(),
        queries.values(),
        keys.values(),
        new Gemm.Extent(queries.rows(), tokens, size));
    float cap = rule.softCap();
    RowLoop.run(
        scores.rows(),
        tokens,
        row -> {
          for (int i = scores.start(row); i < scores.start(row + 1); i++) {
            double score = rule.scale() * scores.values()[i];
            scores.values()[i] =
                (float) (cap == Scores.UNCAPPED ? score : cap * Math.tanh(score / cap));
          }
        });
    return scores;
  }

  /** Scores in, P out, in the same memory. */
  private Matrix weights(Matrix scores) {
    int tokens = scores.columns();
    RowLoop.run(
        scores.rows(),
        tokens,
        row -> softmax(scores.values(), scores.start(row), row % tokens, tokens));
    return scores;
  }

  /** The weights that a query at {@code position} gives to all of {@code tokens} positions. */
  private void softmax(float[] scores, int from, int position, int tokens) {
    int first = from + rule.firstSeen(position);
    int end = from + position + 1;
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = first; i < end; i++) {
      largest = Math.max(largest, scores[i]);
    }
    double sum = 0;
    for (int i = first; i < end; i++) {
      double exponential = Math.exp(scores[i] - largest);
      scores[i] = (float) exponential;
      sum += exponential;
    }
    for (int i = first; i < end; i++) {
      scores[i] = (float) (scores[i] / sum);
    }
    Arrays.fill(scores, from, first, 0);
    Arrays.fill(scores, end, from + tokens, 0);
  }

  /**
   * Gradients of P in, those of {@code Q K^T} out: {@code scale p (g - sum(p g))}, times the slope
   * of the cap, {@code 1 - (s / cap)^2}.
   */
  private void throughSoftmax(Matrix gradients, Matrix weights, Matrix scores) {
    float cap = rule.softCap();
    RowLoop.run(
        weights.rows(),
        weights.columns(),
        row -> {
          int from = weights.start(row);
          int end = weights.start(row + 1);
          double mean = 0;
          for (int i = from; i < end; i++) {
            mean += (double) weights.values()[i] * gradients.values()[i];
          }
          for (int i = from; i < end; i++) {
            double share = cap == Scores.UNCAPPED ? 0 : (double) scores.values()[i] / cap;
            double slope = rule.scale() * (1 - share * share);
            gradients.values()[i] =
                (float) (weights.values()[i] * (gradients.values()[i] - mean) * slope);
          }
        });
  }

  /** Work on one key-value head of one sequence, whose rows begin at {@code first}. */
  private interface HeadWork {
    void run(int first, int tokens, int head);
  }

  private void forEachHead(HeadWork work) {
    int first = 0;
    for (int[] sequence : batch.sequences()) {
      for (int head = 0; head < kvHeads; head++) {
        work.run(first, sequence.length, head);
      }
      first += sequence.length;
    }
  }

  /** The {@code count} heads of group {@code head}, below each other: [count * tokens, d]. */
  private Matrix gather(Matrix x, int first, int tokens, int head, int count) {
    Matrix heads = Matrix.zeros(count * tokens, size);
    for (int row = 0; row < heads.rows(); row++) {
      int column = (head * count + row / tokens) * size;
      int at = x.start(first + row % tokens) + column;
      System.arraycopy(x.values(), at, heads.values(), heads.start(row), size);
    }
    return heads;
  }

  /** The inverse of {@link #gather}. */
  private void scatter(Matrix x, Matrix heads, int first, int tokens, int head) {
    int count = heads.rows() / tokens;
    for (int row = 0; row < heads.rows(); row++) {
      int column = (head * count + row / tokens) * size;
      int at = x.start(first + row % tokens) + column;
      System.arraycopy(heads.values(), heads.start(row), x.values(), at, size);
    }
  }
}
