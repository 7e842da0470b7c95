package tributary.gpu.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Adds the weighted values of one page. A register holds several components of one position; the
 * positions are summed in order.
 *
 * <p>Cost, for each position: 4 bytes a component, and 2 flops a component and head; four heads
 * share a load.
 */
final class ValueAverage {
  private static final VectorSpecies<Float> FLOATS = Lanes.FLOATS;
  private static final int LANES = Lanes.COUNT;

  private ValueAverage() {}

  /**
   * The first {@code count} values of a page: component c of slot s at {@code first + s size + c}.
   */
  record Page(float[] values, int first, int size, int count) {}

  /**
   * Adds to four heads' sums, which follow each other from {@code out[to]}, with the weights {@code
   * weights[h * stride + slot]} from {@code at} on.
   */
  static void four(Page page, float[] weights, int at, int stride, float[] out, int to) {
    int c = 0;
    for (; c + LANES <= page.size; c += LANES) {
      four(page, c, weights, at, stride, out, to + c);
    }
    for (int h = 0; h < 4 && c < page.size; h++) {
      last(page, c, weights, at + h * stride, out, to + h * page.size + c);
    }
  }

  /** As {@link #four} for one head. */
  static void one(Page page, float[] weights, int at, float[] out, int to) {
    int c = 0;
    for (; c + 4 * LANES <= page.size; c += 4 * LANES) {
      wide(page, c, weights, at, out, to + c);
    }
    for (; c + LANES <= page.size; c += LANES) {
      FloatVector sum = FloatVector.fromArray(FLOATS, out, to + c);
      for (int slot = 0; slot < page.count; slot++) {
        FloatVector values =
            FloatVector.fromArray(FLOATS, page.values, page.first + slot * page.size + c);
        sum = values.fma(FloatVector.broadcast(FLOATS, weights[at + slot]), sum);
      }
      sum.intoArray(out, to + c);
    }
    if (c < page.size) {
      last(page, c, weights, at, out, to + c);
    }
  }

  /** Four vectors of components share a weight, and their sums do not wait for each other. */
  private static void wide(Page page, int c, float[] weights, int at, float[] out, int to) {
    float[] source = page.values;
    int first = page.first + c;
    FloatVector s0 = FloatVector.fromArray(FLOATS, out, to);
    FloatVector s1 = FloatVector.fromArray(FLOATS, out, to + LANES);
    FloatVector s2 = FloatVector.fromArray(FLOATS, out, to + 2 * LANES);
    FloatVector s3 = FloatVector.fromArray(FLOATS, out, to + 3 * LANES);
    for (int slot = 0; slot < page.count; slot++) {
      FloatVector weight = FloatVector.broadcast(FLOATS, weights[at + slot]);
      int from = first + slot * page.size;
      s0 = FloatVector.fromArray(FLOATS, source, from).fma(weight, s0);
      s1 = FloatVector.fromArray(FLOATS, source, from + LANES).fma(weight, s1);
      s2 = FloatVector.fromArray(FLOATS, source, from + 2 * LANES).fma(weight, s2);
      s3 = FloatVector.fromArray(FLOATS, source, from + 3 * LANES).fma(weight, s3);
    }
    s0.intoArray(out, to);
    s1.intoArray(out, to + LANES);
    s2.intoArray(out, to + 2 * LANES);
    s3.intoArray(out, to + 3 * LANES);
  }

  private static void four(
      Page page, int c, float[] weights, int at, int stride, float[] out, int to) {
    float[] source = page.values;
    int size = page.size;
    int first = page.first + c;
    FloatVector s0 = FloatVector.fromArray(FLOATS, out, to);
    FloatVector s1 = FloatVector.fromArray(FLOATS, out, to + size);
    FloatVector s2 = FloatVector.fromArray(FLOATS, out, to + 2 * size);
    FloatVector s3 = FloatVector.fromArray(FLOATS, out, to + 3 * size);
    for (int slot = 0; slot < page.count; slot++) {
      FloatVector values = FloatVector.fromArray(FLOATS, source, first + slot * size);
      s0 = values.fma(FloatVector.broadcast(FLOATS, weights[at + slot]), s0);
      s1 = values.fma(FloatVector.broadcast(FLOATS, weights[at + stride + slot]), s1);
      s2 = values.fma(FloatVector.broadcast(FLOATS, weights[at + 2 * stride + slot]), s2);
      s3 = values.fma(FloatVector.broadcast(FLOATS, weights[at + 3 * stride + slot]), s3);
    }
    s0.intoArray(out, to);
    s1.intoArray(out, to + size);
    s2.intoArray(out, to + 2 * size);
    s3.intoArray(out, to + 3 * size);
  }

  /** The components past the last whole vector. */
  private static void last(Page page, int c, float[] weights, int at, float[] out, int to) {
    VectorMask<Float> present = Lanes.first(page.size - c);
    FloatVector sum = FloatVector.fromArray(FLOATS, out, to, present);
    for (int slot = 0; slot < page.count; slot++) {
      FloatVector values =
          FloatVector.fromArray(FLOATS, page.values, page.first + slot * page.size + c, present);
      sum = values.fma(FloatVector.broadcast(FLOATS, weights[at + slot]), sum);
    }
    sum.intoArray(out, to, present);
  }
}
