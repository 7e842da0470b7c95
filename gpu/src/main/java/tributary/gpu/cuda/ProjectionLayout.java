package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * A tenant's differences to one projection, {@code Projection} of {@code step.cuh}:
 *
 * <pre>
 *    0  part[3]      address of codes, address of scales, int firstOutput, int outputs,
 *                    byte kind, planes, skip, vectorRows or rank units or bits and groups,
 *                    interleaved, scalesBase, twiceZero[2]
 *   96  int parts, outputs
 *  104  extra[3]     address of a codebook, of a thin matrix, of groups' scales or of what
 *                    grouped codes have besides
 *  128  end
 * </pre>
 */
final class ProjectionLayout {
  static final int BYTES = 128;
  static final int PARTS_MAX = 3;

  private static final int PART_BYTES = 32;
  private static final int FIRST_OUTPUT = 16;
  private static final int OUTPUTS = 20;
  private static final int KIND = 24;
  private static final int PLANES = 25;
  private static final int SKIP = 26;
  private static final int VECTOR_ROWS = 27;
  private static final int INTERLEAVED = 28;
  private static final int SCALES_BASE = 29;
  private static final int TWICE_ZERO = 30;
  private static final int PART_COUNT = 96;
  private static final int OWN_OUTPUTS = 100;
  private static final int EXTRA = 104;

  /** What a part's codes are. */
  sealed interface Kind {
    /** True where prompts' products add it to the weights themselves, {@code variant.cuh}. */
    default boolean isLight() {
      return switch (this) {
        case Signs _, Replaced _, Vectors _ -> true;
        case Sparse _, Lookup _, Grouped _, LowRank _ -> false;
      };
    }

    /** Sign tiles; scales are fp32 [planes, outputs]. */
    record Signs(int planes) implements Kind {}

    /**
     * Weight tiles that stand in for the base's; the first {@code skip} outputs, below 16, do not.
     */
    record Replaced(int skip) implements Kind {}

    /**
     * Index tiles; scales are fp32 [rows].
     *
     * @param codebook address of bf16 [256, vectorRows]
     * @param interleaved true where rows lie in groups of eight, every other group
     */
    record Vectors(long codebook, int vectorRows, boolean interleaved) implements Kind {}

    /**
     * Sparse tiles; scales are fp32 [planes, rows].
     *
     * @param planes 1 or 2, of equal bits
     * @param groups address of fp32 [planes, groups, rows]; 0 where a group is a whole row
     * @param groupLog a group has 32 times 2 to the power of this inputs
     * @param interleaved as of vectors
     */
    record Sparse(List<SparsePart.Plane> planes, long groups, int groupLog, boolean interleaved)
        implements Kind {}

    /**
     * Look-up tiles; scales are fp32 [rows], not read.
     *
     * @param planes 1 to 4
     * @param tables address of a {@code LookupTable} for each row, padded to 16
     * @param interleaved as of vectors
     */
    record Lookup(int planes, long tables, boolean interleaved) implements Kind {}

    /**
     * Grouped tiles; scales are fp32 [planes, rows].
     *
     * @param planes 1 or 2
     * @param bits of a code in each: 2 or 4
     * @param extra address of a {@code GroupedExtra}
     * @param interleaved as of vectors
     */
    record Grouped(int planes, int bits, long extra, boolean interleaved) implements Kind {}

    /**
     * Rank tiles; scales are fp32 [rows], all the same.
     *
     * @param down address of weight tiles, whose rows are padded to 16
     * @param units the rank in 16s, rounded up
     * @param interleaved as of vectors
     */
    record LowRank(long down, int units, boolean interleaved) implements Kind {}
  }

  /**
   * One part.
   *
   * @param codes address
   * @param scales address, followed by what the base's rows are multiplied by if {@code
   *     scalesBase}; 0 where replaced
   * @param firstOutput a multiple of 16, or eight more where rows are interleaved
   */
  record Part(
      Kind kind, long codes, long scales, boolean scalesBase, int firstOutput, int outputs) {}

  private ProjectionLayout() {}

  static void write(MemorySegment to, List<Part> parts, int outputs) {
    if (parts.size() > PARTS_MAX) {
      throw new IllegalArgumentException(
          "projection of %d parts; at most %d".formatted(parts.size(), PARTS_MAX));
    }
    to.fill((byte) 0);
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      MemorySegment at = to.asSlice((long) i * PART_BYTES, PART_BYTES);
      at.set(ValueLayout.JAVA_LONG, 0, part.codes);
      at.set(ValueLayout.JAVA_LONG, Long.BYTES, part.scales);
      at.set(ValueLayout.JAVA_INT, FIRST_OUTPUT, part.firstOutput);
      at.set(ValueLayout.JAVA_INT, OUTPUTS, part.outputs);
      at.set(ValueLayout.JAVA_BYTE, SCALES_BASE, flag(part.scalesBase));
      writeKind(at, part.kind);
      to.set(ValueLayout.JAVA_LONG, EXTRA + (long) i * Long.BYTES, extra(part.kind));
    }
    to.set(ValueLayout.JAVA_INT, PART_COUNT, parts.size());
    to.set(ValueLayout.JAVA_INT, OWN_OUTPUTS, outputs);
  }

  private static long extra(Kind kind) {
    return switch (kind) {
      case Kind.Vectors vectors -> vectors.codebook;
      case Kind.LowRank lowRank -> lowRank.down;
      case Kind.Sparse sparse -> sparse.groups;
      case Kind.Grouped grouped -> grouped.extra;
      case Kind.Lookup lookup -> lookup.tables;
      case Kind.Signs _, Kind.Replaced _ -> 0;
    };
  }

  private static void writeKind(MemorySegment at, Kind kind) {
    switch (kind) {
      case Kind.Signs(var planes) -> {
        at.set(ValueLayout.JAVA_BYTE, KIND, (byte) 0);
        at.set(ValueLayout.JAVA_BYTE, PLANES, (byte) planes);
      }
      case Kind.Replaced(var skip) -> {
        at.set(ValueLayout.JAVA_BYTE, KIND, (byte) 1);
        at.set(ValueLayout.JAVA_BYTE, PLANES, (byte) 1);
        at.set(ValueLayout.JAVA_BYTE, SKIP, (byte) skip);
      }
      case Kind.Vectors(_, var vectorRows, var interleaved) -> {
        at.set(ValueLayout.JAVA_BYTE, KIND, (byte) 2);
        at.set(ValueLayout.JAVA_BYTE, PLANES, (byte) 1);
        at.set(ValueLayout.JAVA_BYTE, VECTOR_ROWS, (byte) vectorRows);
        at.set(ValueLayout.JAVA_BYTE, INTERLEAVED, flag(interleaved));
      }
      case Kind.Sparse(var planes, _, var groupLog, var interleaved) -> {
        at.set(ValueLayout.JAVA_BYTE, KIND, (byte) 3);
        at.set(ValueLayout.JAVA_BYTE, PLANES, (byte) planes.size());
        int code = planes.getFirst().bits() + 16 * groupLog;
        at.set(ValueLayout.JAVA_BYTE, VECTOR_ROWS, (byte) code);
        at.set(ValueLayout.JAVA_BYTE, INTERLEAVED, flag(interleaved));
        for (int plane = 0; plane < planes.size(); plane++) {
          at.set(
              ValueLayout.JAVA_BYTE,
              TWICE_ZERO + (long) plane,
              (byte) planes.get(plane).twiceZero());
        }
      }
      case Kind.Grouped(var planes, var bits, _, var interleaved) -> {
        at.set(ValueLayout.JAVA_BYTE, KIND, (byte) 4);
        at.set(ValueLayout.JAVA_BYTE, PLANES, (byte) planes);
        at.set(ValueLayout.JAVA_BYTE, VECTOR_ROWS, (byte) bits);
        at.set(ValueLayout.JAVA_BYTE, INTERLEAVED, flag(interleaved));
      }
      case Kind.Lookup(var planes, _, var interleaved) -> {
        at.set(ValueLayout.JAVA_BYTE, KIND, (byte) 5);
        at.set(ValueLayout.JAVA_BYTE, PLANES, (byte) 1);
        at.set(ValueLayout.JAVA_BYTE, VECTOR_ROWS, (byte) planes);
        at.set(ValueLayout.JAVA_BYTE, INTERLEAVED, flag(interleaved));
      }
      case Kind.LowRank(_, var units, var interleaved) -> {
        at.set(ValueLayout.JAVA_BYTE, KIND, (byte) 6);
        at.set(ValueLayout.JAVA_BYTE, PLANES, (byte) 1);
        at.set(ValueLayout.JAVA_BYTE, VECTOR_ROWS, (byte) units);
        at.set(ValueLayout.JAVA_BYTE, INTERLEAVED, flag(interleaved));
      }
    }
  }

  private static byte flag(boolean set) {
    return (byte) (set ? 1 : 0);
  }
}
