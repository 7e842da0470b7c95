package tributary.gpu.vector;

import static jdk.incubator.vector.VectorOperators.MAX;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/** The numerator and denominator of a softmax, stable for any scores. */
final class Softmax {
  private Softmax() {}

  /**
   * Replaces {@code scores[first, first + count)} by {@code e^(score - largest)} and returns their
   * sum. Room up to a whole vector is overwritten with 0.
   */
  static float weigh(float[] scores, int first, int count) {
    int end = first + Lanes.ceil(count, Lanes.COUNT);
    Arrays.fill(scores, first + count, end, Float.NEGATIVE_INFINITY);
    FloatVector largest = FloatVector.broadcast(Lanes.FLOATS, Float.NEGATIVE_INFINITY);
    for (int p = first; p < end; p += Lanes.COUNT) {
      largest = largest.max(FloatVector.fromArray(Lanes.FLOATS, scores, p));
    }
    float top = largest.reduceLanes(MAX);
    FloatVector sum = FloatVector.zero(Lanes.FLOATS);
    for (int p = first; p < end; p += Lanes.COUNT) {
      FloatVector weight = VectorExp.exp(FloatVector.fromArray(Lanes.FLOATS, scores, p).sub(top));
      weight.intoArray(scores, p);
      sum = sum.add(weight);
    }
    return Lanes.sum(sum);
  }
}
