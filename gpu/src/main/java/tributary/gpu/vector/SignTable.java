package tributary.gpu.vector;

import jdk.incubator.vector.FloatVector;

/**
 * The sums that sign planes choose from: for each group of {@link PackedSigns#GROUP} neighbouring
 * inputs one vector whose lane b is the sum of the inputs, the j-th taken as plus where bit j of b
 * is 1, else as minus. One table of a row serves every output, plane and tenant.
 */
final class SignTable {
  /** Vector j: in lane b, 1 where bit j of b is 1, else -1. */
  private static final FloatVector[] SIGNS = new FloatVector[PackedSigns.GROUP];

  static {
    for (int j = 0; j < SIGNS.length; j++) {
      float[] lanes = new float[Lanes.COUNT];
      for (int b = 0; b < lanes.length; b++) {
        lanes[b] = (b >>> j & 1) == 1 ? 1 : -1;
      }
      SIGNS[j] = FloatVector.fromArray(Lanes.FLOATS, lanes, 0);
    }
  }

  private SignTable() {}

  /** Values in the table of a row of {@code columns}. */
  static int length(int columns) {
    return Math.multiplyExact(
        PackedSigns.words(columns) * PackedSigns.GROUPS_PER_WORD, Lanes.COUNT);
  }

  /** Writes the table of {@code x[first, first + columns)} to {@code table[at..]}. */
  static void fill(float[] x, int first, int columns, float[] table, int at) {
    int whole = columns / PackedSigns.GROUP;
    int to = at;
    for (int group = 0; group < whole; group++) {
      sums(x, first + group * PackedSigns.GROUP).intoArray(table, to);
      to += Lanes.COUNT;
    }
    float[] last = new float[PackedSigns.GROUP];
    System.arraycopy(
        x, first + whole * PackedSigns.GROUP, last, 0, columns - whole * PackedSigns.GROUP);
    FloatVector sums = sums(last, 0);
    for (int end = at + length(columns); to < end; to += Lanes.COUNT) {
      sums.intoArray(table, to);
      sums = FloatVector.zero(Lanes.FLOATS);
    }
  }

  private static FloatVector sums(float[] x, int first) {
    FloatVector sums = SIGNS[0].mul(x[first]);
    for (int j = 1; j < PackedSigns.GROUP; j++) {
      sums = SIGNS[j].fma(FloatVector.broadcast(Lanes.FLOATS, x[first + j]), sums);
    }
    return sums;
  }
}
