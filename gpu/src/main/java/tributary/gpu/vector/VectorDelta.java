package tributary.gpu.vector;

import org.jspecify.annotations.Nullable;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.host.HostMatrix;
import tributary.gpu.host.OperandChecks;
import tributary.protocol.Bytes;
import tributary.tensor.format.DeltaTensor;

/** A difference, its sign planes laid out anew, its exact values where they lie. */
sealed interface VectorDelta extends DeltaMatrix {
  static VectorDelta of(DeltaTensor delta) {
    return switch (delta) {
      case DeltaTensor.Signed(var planes, var added) -> {
        HostMatrix rows = added == null ? null : HostMatrix.of(added);
        if (rows != null) {
          OperandChecks.addedRows(rows.columns(), planes.columns());
        }
        yield new Signed(PackedSigns.copyOf(planes), rows);
      }
      case DeltaTensor.Replaced(var value) -> new Replaced(HostMatrix.of(value));
    };
  }

  /** The same difference, known to be this backend's. */
  static VectorDelta of(DeltaMatrix delta) {
    if (delta instanceof VectorDelta vector) {
      return vector;
    }
    throw new IllegalArgumentException("delta of another backend: " + delta.getClass().getName());
  }

  record Signed(PackedSigns planes, @Nullable HostMatrix added) implements VectorDelta {
    @Override
    public int rows() {
      return planes.rows() + (added == null ? 0 : added.rows());
    }

    @Override
    public int columns() {
      return planes.columns();
    }

    @Override
    public Bytes size() {
      return added == null
          ? planes.size()
          : planes.size().plus(new Bytes(added.view().data().byteSize()));
    }

    @Override
    public void close() {
      planes.close();
    }
  }

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
