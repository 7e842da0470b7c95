package tributary.gpu.scalar;

import org.jspecify.annotations.Nullable;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.host.HostMatrix;
import tributary.gpu.host.OperandChecks;
import tributary.protocol.Bytes;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.SignPlanes;

/** A difference as its file has it. */
sealed interface ScalarDelta extends DeltaMatrix {
  static ScalarDelta of(DeltaTensor delta) {
    return switch (delta) {
      case DeltaTensor.Signed(var planes, var added) ->
          new Signed(planes, added == null ? null : HostMatrix.of(added));
      case DeltaTensor.Replaced(var value) -> new Replaced(HostMatrix.of(value));
    };
  }

  static ScalarDelta of(DeltaMatrix delta) {
    if (delta instanceof ScalarDelta scalar) {
      return scalar;
    }
    throw new IllegalArgumentException("delta of another backend: " + delta.getClass().getName());
  }

  /** One element of the tenant's own matrix: the base's and the difference. */
  double value(HostMatrix base, int row, int column);

  record Signed(SignPlanes planes, @Nullable HostMatrix added) implements ScalarDelta {
    public Signed {
      if (added != null) {
        OperandChecks.addedRows(added.columns(), planes.columns());
      }
    }

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
      long bytes = added == null ? 0 : added.view().data().byteSize();
      for (SignPlanes.Plane plane : planes.planes()) {
        bytes += plane.signs().byteSize() + (long) plane.scales().length * Float.BYTES;
      }
      return new Bytes(bytes);
    }

    @Override
    public double value(HostMatrix base, int row, int column) {
      OperandChecks.planes(planes.rows(), base.rows());
      if (row >= base.rows() && added != null) {
        return added.value(row - base.rows(), column);
      }
      double sum = base.value(row, column);
      for (int plane = 0; plane < planes.planes().size(); plane++) {
        double scale = planes.planes().get(plane).scale(row);
        sum += planes.isPlus(plane, row, column) ? scale : -scale;
      }
      return sum;
    }
  }

  record Replaced(HostMatrix value) implements ScalarDelta {
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
    public double value(HostMatrix base, int row, int column) {
      return value.value(row, column);
    }
  }

  @Override
  default void close() {}
}
