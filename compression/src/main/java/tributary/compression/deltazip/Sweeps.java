package tributary.compression.deltazip;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tributary.compression.LinearProblem;
import tributary.compression.deltazip.DeltaZipEncoder.Settings;
import tributary.compression.deltazip.PruningCoder.Scale;
import tributary.compression.solver.ColumnSweep;
import tributary.compression.solver.Curvature;
import tributary.compression.solver.StoredScale;

/** Sweeps over one problem, which differ in levels and in how scales are chosen. */
final class Sweeps {
  private final LinearProblem problem;
  private final Settings settings;
  private final Curvature curvature;
  private final int groupColumns;
  private double @Nullable [] wanted;

  Sweeps(LinearProblem problem, Settings settings, Curvature curvature) {
    this.problem = problem;
    this.settings = settings;
    this.curvature = curvature;
    this.groupColumns =
        settings.groupColumns() == 0
            ? problem.columns()
            : Math.min(settings.groupColumns(), problem.columns());
  }

  /** One sweep. */
  Coded coded(Levels levels, Scale scale) {
    PruningCoder coder = coder(levels, scale);
    setLosses(coder.coded(), ColumnSweep.run(difference(), curvature, cut(), coder));
    return coder.coded();
  }

  /** One sweep, after which each row that has a single scale takes the best for its codes. */
  Coded refitted(Levels levels, Scale scale) {
    PruningCoder coder = coder(levels, scale);
    double[] errors = ColumnSweep.run(difference(), curvature, cut(), coder);
    Coded coded = coder.coded();
    setLosses(coded, errors);
    if (coded.groups() == 1) {
      refit(coded, errors);
    }
    return coded;
  }

  private PruningCoder coder(Levels levels, Scale scale) {
    var plan = new PruningCoder.Plan(levels, settings.keep(), groupColumns, scale);
    return new PruningCoder(problem.rows(), curvature, plan);
  }

  private void setLosses(Coded coded, double[] errors) {
    int columns = problem.columns();
    for (int row = 0; row < problem.rows(); row++) {
      coded.losses()[row] = product(errors, errors, row * columns, columns);
    }
  }

  /**
   * With D, Q and E what was wanted, decoded and missed, and x' for {@code x U^-1}: {@code Q' = D'
   * - E'}, and the best factor on Q is {@code D' Q' / Q' Q'}.
   */
  private void refit(Coded coded, double[] errors) {
    double[] all = wanted();
    int columns = problem.columns();
    for (int row = 0; row < problem.rows(); row++) {
      double both = 0;
      double square = 0;
      for (int i = row * columns; i < (row + 1) * columns; i++) {
        double decoded = all[i] - errors[i];
        both += decoded * all[i];
        square += decoded * decoded;
      }
      if (both > 0) {
        float old = coded.scales()[row];
        float scale = StoredScale.nearest(old * both / square);
        double factor = (double) scale / old;
        double energy = product(all, all, row * columns, columns);
        double loss = energy - 2 * factor * both + factor * factor * square;
        if (loss < coded.losses()[row]) {
          coded.scales()[row] = scale;
          coded.losses()[row] = loss;
        }
      }
    }
  }

  /** D': what a sweep misses whose code is 0 everywhere. */
  private double[] wanted() {
    double[] known = wanted;
    if (known == null) {
      ColumnSweep.Coder nothing =
          (_, _, firstRow, endRow, decoded) -> Arrays.fill(decoded, 0, endRow - firstRow, 0);
      known = ColumnSweep.run(difference(), curvature, ColumnSweep.Cut.USUAL, nothing);
      wanted = known;
    }
    return known;
  }

  private double[] difference() {
    float[] base = problem.base();
    float[] tuned = problem.tuned();
    double[] difference = new double[base.length];
    for (int i = 0; i < difference.length; i++) {
      difference[i] = (double) tuned[i] - base[i];
    }
    return difference;
  }

  /** Blocks end where patterns and groups do. */
  private ColumnSweep.Cut cut() {
    int step = settings.keep() instanceof Keep.Some(_, int of) ? of : 1;
    if (groupColumns < problem.columns()) {
      step = groupColumns;
    }
    int steps = Math.max(1, ColumnSweep.BLOCK_COLUMNS / step);
    return new ColumnSweep.Cut(steps * step, ColumnSweep.PANEL_ROWS);
  }

  private static double product(double[] a, double[] b, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
