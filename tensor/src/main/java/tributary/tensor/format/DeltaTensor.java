package tributary.tensor.format;

import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Bytes;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;

/**
 * How one tensor of a fine-tune differs from the base's tensor of the same name. A tensor without
 * an entry is the base's.
 */
public sealed interface DeltaTensor {
  /**
   * A matrix that is the base's matrix, its rows perhaps multiplied, plus a code, and possibly
   * further rows: {@code W[r, c] = baseFactors[r] * base[r, c] + code[r, c]}.
   *
   * @param baseFactors [code.rows()], null when all are 1
   * @param added rows that the base does not have (new vocabulary), exact, of the same width
   */
  @SuppressWarnings("ArrayRecordComponent") // Kernels read the factors in their inner loops.
  record Coded(MatrixCode code, float @Nullable [] baseFactors, @Nullable TensorView added)
      implements DeltaTensor {
    // Written out, because a compact constructor's class file loses that an array may be null.
    public Coded(MatrixCode code, float @Nullable [] baseFactors, @Nullable TensorView added) {
      if (baseFactors != null && baseFactors.length != code.rows()) {
        throw new IllegalArgumentException(
            "base factors: found %d, wanted one for each of %d rows"
                .formatted(baseFactors.length, code.rows()));
      }
      this.code = code;
      this.baseFactors = baseFactors;
      this.added = added;
    }

    /** The base's matrix as it is, plus a code. */
    public static Coded of(MatrixCode code) {
      return new Coded(code, null, null);
    }

    /** What row {@code row} of the base is multiplied by. */
    public float baseFactor(int row) {
      return baseFactors == null ? 1 : baseFactors[row];
    }

    /** Bytes of everything that is needed to compute with this, as a file stores it. */
    public Bytes size() {
      long factors = baseFactors == null ? 0 : MatrixCode.halfBytes(baseFactors.length);
      long rows = added == null ? 0 : added.data().byteSize();
      return code.size().plus(new Bytes(factors + rows));
    }

    /** This difference at a width, or at its greatest where it has no such width. */
    public Coded atMost(int width) {
      return width >= code.widths() ? this : new Coded(code.atWidth(width), baseFactors, added);
    }
  }

  /** The fine-tune's own values, exact; they replace the base's, and may be new altogether. */
  record Replaced(TensorView value) implements DeltaTensor {}

  /**
   * A tensor whose exact values are packed into streams of bytes that only their codec unpacks.
   * Nothing computes with it: it has to be restored first.
   *
   * @param type of the restored tensor
   * @param shape of the restored tensor
   * @param parameters what the codec needs beside the streams
   */
  record Archived(
      DType type, Shape shape, SortedMap<String, String> parameters, List<MemorySegment> streams)
      implements DeltaTensor {
    public Archived {
      parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
      streams = List.copyOf(streams);
    }
  }
}
