package tributary.gpu.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Scores of queries against the keys of one page. A register holds one component of several
 * positions, so a score needs no sum across lanes; its components are summed in order.
 *
 * <p>Cost, for each key: 4 bytes a component, and 2 flops a component and query; four queries share
 * a load.
 */
final class KeyScores {
  private static final VectorSpecies<Float> FLOATS = Lanes.FLOATS;
  private static final int LANES = Lanes.COUNT;

  private KeyScores() {}

  /** Keys of a page: component c of slot s lies at {@code first + c * slots + s}. */
  record Page(float[] values, int first, int slots, int size) {}

  /**
   * Sets {@code scores[h * stride + slot]}, from {@code at} on, for every slot of the page and the
   * four queries h that follow each other from {@code q[query]}.
   */
  static void four(
      Page page, float[] q, int query, float scale, float[] scores, int at, int stride) {
    int slot = 0;
    for (; slot + LANES <= page.slots; slot += LANES) {
      four(page, slot, q, query, scale, scores, at + slot, stride);
    }
    for (int h = 0; h < 4 && slot < page.slots; h++) {
      last(page, slot, q, query + h * page.size, scale, scores, at + h * stride + slot);
    }
  }

  /** As {@link #four} for one query. */
  static void one(Page page, float[] q, int query, float scale, float[] scores, int at) {
    int slot = 0;
    for (; slot + 2 * LANES <= page.slots; slot += 2 * LANES) {
      two(page, slot, q, query, scale, scores, at + slot);
    }
    for (; slot + LANES <= page.slots; slot += LANES) {
      FloatVector sum = FloatVector.zero(FLOATS);
      int key = page.first + slot;
      for (int c = 0; c < page.size; c++) {
        FloatVector keys = FloatVector.fromArray(FLOATS, page.values, key + c * page.slots);
        sum = keys.fma(FloatVector.broadcast(FLOATS, q[query + c]), sum);
      }
      sum.mul(scale).intoArray(scores, at + slot);
    }
    if (slot < page.slots) {
      last(page, slot, q, query, scale, scores, at + slot);
    }
  }

  /** Two vectors of slots: their sums do not wait for each other. */
  private static void two(
      Page page, int slot, float[] q, int query, float scale, float[] scores, int at) {
    float[] values = page.values;
    int slots = page.slots;
    int key = page.first + slot;
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = FloatVector.zero(FLOATS);
    for (int c = 0; c < page.size; c++) {
      FloatVector component = FloatVector.broadcast(FLOATS, q[query + c]);
      s0 = FloatVector.fromArray(FLOATS, values, key + c * slots).fma(component, s0);
      s1 = FloatVector.fromArray(FLOATS, values, key + c * slots + LANES).fma(component, s1);
    }
    s0.mul(scale).intoArray(scores, at);
    s1.mul(scale).intoArray(scores, at + LANES);
  }

  private static void four(
      Page page, int slot, float[] q, int query, float scale, float[] scores, int at, int stride) {
    float[] values = page.values;
    int slots = page.slots;
    int size = page.size;
    int key = page.first + slot;
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = FloatVector.zero(FLOATS);
    FloatVector s2 = FloatVector.zero(FLOATS);
    FloatVector s3 = FloatVector.zero(FLOATS);
    for (int c = 0; c < size; c++) {
      FloatVector keys = FloatVector.fromArray(FLOATS, values, key + c * slots);
      s0 = keys.fma(FloatVector.broadcast(FLOATS, q[query + c]), s0);
      s1 = keys.fma(FloatVector.broadcast(FLOATS, q[query + size + c]), s1);
      s2 = keys.fma(FloatVector.broadcast(FLOATS, q[query + 2 * size + c]), s2);
      s3 = keys.fma(FloatVector.broadcast(FLOATS, q[query + 3 * size + c]), s3);
    }
    s0.mul(scale).intoArray(scores, at);
    s1.mul(scale).intoArray(scores, at + stride);
    s2.mul(scale).intoArray(scores, at + 2 * stride);
    s3.mul(scale).intoArray(scores, at + 3 * stride);
  }

  /** The slots past the last whole vector. */
  private static void last(
      Page page, int slot, float[] q, int query, float scale, float[] scores, int at) {
    VectorMask<Float> present = Lanes.first(page.slots - slot);
    FloatVector sum = FloatVector.zero(FLOATS);
    int key = page.first + slot;
    for (int c = 0; c < page.size; c++) {
      FloatVector keys = FloatVector.fromArray(FLOATS, page.values, key + c * page.slots, present);
      sum = keys.fma(FloatVector.broadcast(FLOATS, q[query + c]), sum);
    }
    sum.mul(scale).intoArray(scores, at, present);
  }
}
