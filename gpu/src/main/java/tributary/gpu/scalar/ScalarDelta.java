package tributary.gpu.scalar;

import org.jspecify.annotations.Nullable;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.host.HostMatrix;
import tributary.gpu.host.OperandChecks;
import tributary.protocol.Bytes;
import tributary.tensor.format.DeltaTensor;

/** A difference as its file has it. */
sealed interface ScalarDelta extends DeltaMatrix {
  static ScalarDelta of(DeltaTensor delta) {
    return switch (delta) {
      case DeltaTensor.Coded coded -> new Coded(coded);
      case DeltaTensor.Replaced(var value) -> new Replaced(HostMatrix.of(value));
      case DeltaTensor.Archived _ -> throw OperandChecks.archive();
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

  /** Base and code; which code it is at a width is looked up whenever the width is set. */
  final class Coded implements ScalarDelta {
    private final DeltaTensor.Coded full;
    private final @Nullable HostMatrix added;
    private DeltaTensor.Coded current;

    private Coded(DeltaTensor.Coded full) {
      this.full = full;
      this.current = full;
      this.added = full.added() == null ? null : HostMatrix.of(full.added());
      if (added != null) {
        OperandChecks.addedRows(added.columns(), full.code().columns());
      }
    }

    @Override
    public int rows() {
      return full.code().rows() + (added == null ? 0 : added.rows());
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
    public double value(HostMatrix base, int row, int column) {
      OperandChecks.codedRows(full.code().rows(), base.rows());
      if (row >= base.rows() && added != null) {
        return added.value(row - base.rows(), column);
      }
      return (double) current.baseFactor(row) * base.value(row, column)
          + current.code().value(row, column);
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
