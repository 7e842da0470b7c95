package tributary.gpu.cuda;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.host.OperandChecks;
import tributary.protocol.Bytes;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.LowRank;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.SparseCodes;
import tributary.tensor.format.VectorCodes;

/**
 * A difference as it is before its tenant is loaded: nothing of it is on the device. A change of
 * width is seen by the device once the tenant is told of it.
 */
sealed interface CudaDelta extends DeltaMatrix {
  static CudaDelta of(DeltaTensor delta) {
    return switch (delta) {
      case DeltaTensor.Coded coded -> new Coded(coded);
      case DeltaTensor.Replaced(var value) -> {
        CudaMatrix.requireWeights(value.type());
        yield new Replaced(value);
      }
      case DeltaTensor.Archived _ -> throw OperandChecks.archive();
    };
  }

  static CudaDelta of(DeltaMatrix delta) {
    if (delta instanceof CudaDelta cuda) {
      return cuda;
    }
    throw new IllegalArgumentException("delta of another backend: " + delta.getClass().getName());
  }

  /** Sign planes at every width that this difference has, so that the signs' kernels serve it. */
  boolean isSigns();

  /** A code, and perhaps factors on the base's rows and rows of its own. */
  final class Coded implements CudaDelta {
    private final DeltaTensor.Coded full;
    private DeltaTensor.Coded current;

    private Coded(DeltaTensor.Coded full) {
      if (full.added() != null) {
        OperandChecks.addedRows(
            Math.toIntExact(full.added().shape().dimension(1)), full.code().columns());
      }
      this.full = full;
      this.current = full;
    }

    @Override
    public int rows() {
      return codedRows() + addedRows();
    }

    int codedRows() {
      return full.code().rows();
    }

    int addedRows() {
      return full.added() == null ? 0 : Math.toIntExact(full.added().shape().dimension(0));
    }

    @Nullable TensorView added() {
      return full.added();
    }

    @Override
    public int columns() {
      return full.code().columns();
    }

    @Override
    public Bytes size() {
      return full.size();
    }

    @Override
    public int widths() {
      return full.code().widths();
    }

    @Override
    public int width() {
      return current.code().widths();
    }

    @Override
    public void setWidth(int width) {
      current = full.atMost(width);
    }

    @Override
    public boolean isSigns() {
      return full.code() instanceof SignPlanes;
    }

    /** True when there is a kernel that serves this matrix apart from others. */
    boolean servedAlone() {
      return switch (full.code()) {
        case VectorCodes vectors -> vectors.vectorRows() == 4 || vectors.vectorRows() == 8;
        case SparseCodes sparse -> SparsePart.serves(sparse);
        case GroupedCodes grouped -> GroupedPart.serves(grouped);
        case LookupPlanes lookups -> LookupPart.serves(lookups);
        case LowRank lowRank -> lowRank.rank() <= LowRankPart.RANK_MAX;
        case SignPlanes _ -> false;
      };
    }

    /** The code of all widths. */
    MatrixCode code() {
      return full.code();
    }

    /** What the base's rows are multiplied by, [codedRows]; null where all are 1. */
    float @Nullable [] baseFactors() {
      return full.baseFactors();
    }

    /** All planes, whatever the width. */
    Optional<SignPlanes> allPlanes() {
      return isSigns() ? Optional.of((SignPlanes) full.code()) : Optional.empty();
    }

    /** The planes of the width, with its scales. */
    Optional<SignPlanes> planes() {
      return isSigns() ? Optional.of((SignPlanes) current.code()) : Optional.empty();
    }

    /** The difference at its width. */
    DeltaTensor.Coded tensor() {
      return current;
    }
  }

  /** Values that stand in for the base's. */
  record Replaced(TensorView value) implements CudaDelta {
    @Override
    public int rows() {
      return Math.toIntExact(value.shape().dimension(0));
    }

    @Override
    public int columns() {
      return Math.toIntExact(value.shape().dimension(1));
    }

    @Override
    public Bytes size() {
      return new Bytes(value.data().byteSize());
    }

    @Override
    public boolean isSigns() {
      return false;
    }
  }

  /** Planes of signs that the device makes up. */
  record Random(int rows, int columns, int planes) implements CudaDelta {
    @Override
    public Bytes size() {
      return new Bytes(planes * Tiles.signBytes(rows, columns));
    }

    @Override
    public boolean isSigns() {
      return true;
    }
  }

  /** The tensor's memory belongs to its file; the loaded tenant owns its own copy. */
  @Override
  default void close() {}
}
