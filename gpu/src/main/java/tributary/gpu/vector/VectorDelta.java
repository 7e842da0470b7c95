package tributary.gpu.vector;

import org.jspecify.annotations.Nullable;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.host.HostMatrix;
import tributary.gpu.host.OperandChecks;
import tributary.protocol.Bytes;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.LowRank;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.SparseCodes;
import tributary.tensor.format.VectorCodes;

/** A difference, its sign planes laid out anew, other codes and exact values where they lie. */
sealed interface VectorDelta extends DeltaMatrix {
  static VectorDelta of(DeltaTensor delta, int width) {
    return switch (delta) {
      case DeltaTensor.Coded(var code, var baseFactors, var added) -> {
        HostMatrix rows = added == null ? null : HostMatrix.of(added);
        if (rows != null) {
          OperandChecks.addedRows(rows.columns(), code.columns());
        }
        yield new Coded(loaded(code, width), baseFactors, rows);
      }
      case DeltaTensor.Replaced(var value) -> new Replaced(HostMatrix.of(value));
      case DeltaTensor.Archived _ -> throw OperandChecks.archive();
    };
  }

  private static LoadedCode loaded(MatrixCode code, int width) {
    return switch (code) {
      case SignPlanes planes -> PackedSigns.copyOf(planes, width);
      case LowRank factors -> LowRankFactors.copyOf(factors);
      case SparseCodes _, GroupedCodes _, LookupPlanes _, VectorCodes _ ->
          new DecodedCode(code, width);
    };
  }

  /** The same difference, known to be this backend's. */
  static VectorDelta of(DeltaMatrix delta) {
    if (delta instanceof VectorDelta vector) {
      return vector;
    }
    throw new IllegalArgumentException("delta of another backend: " + delta.getClass().getName());
  }

  /** Base rows times factors, plus a code; the last rows are exact. */
  @SuppressWarnings("ArrayRecordComponent") // Read in inner loops.
  record Coded(LoadedCode code, float @Nullable [] baseFactors, @Nullable HostMatrix added)
      implements VectorDelta {
    @Override
    public int rows() {
      return code.rows() + (added == null ? 0 : added.rows());
    }

    @Override
    public int columns() {
      return code.columns();
    }

    @Override
    public Bytes size() {
      long factors = baseFactors == null ? 0 : (long) Float.BYTES * baseFactors.length;
      long rows = added == null ? 0 : added.view().data().byteSize();
      return code.size().plus(new Bytes(factors + rows));
    }

    @Override
    public int widths() {
      return code.widths();
    }

    @Override
    public int width() {
      return code.width();
    }

    @Override
    public void prepare(int width) {
      code.prepare(width);
    }

    @Override
    public void setWidth(int width) {
      code.setWidth(width);
    }

    @Override
    public void close() {
      code.close();
    }
  }

  /** The tenant's own matrix. */
  record Replaced(HostMatrix value) implements VectorDelta {
    @Override
    public int rows() {
      return value.rows();
    }

    @Override
    public int columns() {
      return value.columns();
    }

    @Override
    public Bytes size() {
      return new Bytes(value.view().data().byteSize());
    }

    @Override
    public void close() {}
  }
}
