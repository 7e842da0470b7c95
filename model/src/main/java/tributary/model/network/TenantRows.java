package tributary.model.network;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.RowRun;
import tributary.gpu.WeightVector;

/**
 * Which rows of a batch belong to which tenant.
 *
 * @param count rows of the batch
 * @param tenants ascending runs; rows outside them are the base's
 */
public record TenantRows(int count, List<RowRun<Differences>> tenants) {
  public TenantRows {
    tenants = List.copyOf(tenants);
  }

  /** The rows at these ascending indices, as a batch of their own. */
  public TenantRows select(int[] rows) {
    List<RowRun<Differences>> selected = new ArrayList<>(tenants.size());
    int next = 0;
    for (RowRun<Differences> tenant : tenants) {
      while (next < rows.length && rows[next] < tenant.firstRow()) {
        next++;
      }
      int first = next;
      while (next < rows.length && rows[next] < tenant.endRow()) {
        next++;
      }
      if (next > first) {
        selected.add(new RowRun<>(first, next - first, tenant.operand()));
      }
    }
    return new TenantRows(rows.length, selected);
  }

  /** The largest number of rows that any tenant of the batch, or the base, has of this matrix. */
  public int rowsOf(Parameter.Matrix matrix) {
    int rows = matrix.rows();
    for (RowRun<Differences> tenant : tenants) {
      rows = Math.max(rows, tenant.operand().rows(matrix));
    }
    return rows;
  }

  List<RowRun<DeltaMatrix>> deltas(Parameter.Matrix matrix) {
    List<RowRun<DeltaMatrix>> runs = new ArrayList<>(tenants.size());
    for (RowRun<Differences> tenant : tenants) {
      DeltaMatrix delta = tenant.operand().matrix(matrix);
      if (delta != null) {
        runs.add(new RowRun<>(tenant.firstRow(), tenant.rows(), delta));
      }
    }
    return runs;
  }

  /** Each tenant's own vector, and {@code base}, if there is one, for all other rows. */
  List<RowRun<WeightVector>> vectors(Parameter.Vector vector, @Nullable WeightVector base) {
    List<RowRun<WeightVector>> runs = new ArrayList<>(2 * tenants.size() + 1);
    int covered = 0;
    for (RowRun<Differences> tenant : tenants) {
      WeightVector own = tenant.operand().vector(vector);
      if (own != null) {
        addBase(runs, covered, tenant.firstRow(), base);
        runs.add(new RowRun<>(tenant.firstRow(), tenant.rows(), own));
        covered = tenant.endRow();
      }
    }
    addBase(runs, covered, count, base);
    return runs;
  }

  private static void addBase(
      List<RowRun<WeightVector>> runs, int firstRow, int endRow, @Nullable WeightVector base) {
    if (base != null && endRow > firstRow) {
      runs.add(new RowRun<>(firstRow, endRow - firstRow, base));
    }
  }
}
