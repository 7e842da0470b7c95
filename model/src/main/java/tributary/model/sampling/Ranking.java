package tributary.model.sampling;

import java.util.Arrays;

/** Tokens ranked by logit, ties by id, as sortable numbers: a smaller key is a better token. */
final class Ranking {
  private long[] keys = {};

  /** Keeps the best {@code count} of all tokens, best first; {@code count} is at most all. */
  long[] best(float[] logits, int count) {
    reserve(count);
    if (count == 0) {
      return keys;
    }
    for (int i = 0; i < count; i++) {
      keys[i] = key(logits[i], i);
    }
    heapify(count);
    for (int i = count; i < logits.length; i++) {
      long key = key(logits[i], i);
      if (key < keys[0]) {
        keys[0] = key;
        sink(0, count);
      }
    }
    Arrays.sort(keys, 0, count);
    return keys;
  }

  /** Room for {@code count} keys, to be filled by the caller and sorted. */
  long[] reserve(int count) {
    if (keys.length < count) {
      keys = new long[count];
    }
    return keys;
  }

  static long key(float logit, int token) {
    int bits = Float.floatToIntBits(logit + 0f); // The sum turns -0 into 0, its equal.
    int ascending = bits >= 0 ? bits : bits ^ Integer.MAX_VALUE;
    return ((long) ~ascending << Integer.SIZE) | token;
  }

  static int token(long key) {
    return (int) key;
  }

  /** The worst of the kept keys is at the root, ready to be replaced. */
  private void heapify(int count) {
    for (int i = count / 2 - 1; i >= 0; i--) {
      sink(i, count);
    }
  }

  private void sink(int start, int count) {
    int parent = start;
    long moved = keys[parent];
    while (2 * parent + 1 < count) {
      int child = 2 * parent + 1;
      if (child + 1 < count && keys[child + 1] > keys[child]) {
        child++;
      }
      if (keys[child] <= moved) {
        break;
      }
      keys[parent] = keys[child];
      parent = child;
    }
    keys[parent] = moved;
  }
}
