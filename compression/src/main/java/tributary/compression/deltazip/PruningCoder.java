package tributary.compression.deltazip;

import java.util.Arrays;
import tributary.compression.solver.ColumnSweep;
import tributary.compression.solver.Curvature;
import tributary.compression.solver.StoredScale;

/**
 * Codes columns within the sweep: at the start of a group each row gets its scale, at the start of
 * a pattern each row's least valuable weights are pruned, and what is kept is rounded.
 *
 * <p>A weight's value is its square over the squared diagonal of the curvature's factor: the output
 * error that pruning it would leave after all compensation.
 */
final class PruningCoder implements ColumnSweep.Coder {
  /** Chooses a scale for a run of weights, given what a squared error in each costs. */
  @FunctionalInterface
  interface Scale {
    double of(double[] weights, double[] costs, Levels levels);
  }

  /**
   * What a sweep codes to.
   *
   * @param groupColumns inputs that share a scale
   */
  record Plan(Levels levels, Keep keep, int groupColumns, Scale scale) {}

  private final Levels levels;
  private final Keep keep;
  private final int groupColumns;
  private final Scale scale;
  private final int columns;
  private final double[] costs;
  private final Coded coded;

  /** A coder for one sweep of {@code rows} rows. */
  PruningCoder(int rows, Curvature curvature, Plan plan) {
    this.levels = plan.levels;
    this.keep = plan.keep;
    this.groupColumns = plan.groupColumns;
    this.scale = plan.scale;
    this.columns = curvature.columns();
    this.costs = new double[columns];
    for (int j = 0; j < columns; j++) {
      double diagonal = curvature.factor()[j * columns + j];
      costs[j] = 1 / (diagonal * diagonal);
    }
    this.coded = Coded.empty(rows, columns, groupColumns, levels);
  }

  Coded coded() {
    return coded;
  }

  /** Unstructured pruning: the least valuable share of the block, with all that equal the last. */
  @Override
  public void beginBlock(double[] weights, int first, int end) {
    if (keep instanceof Keep.Share(double kept)) {
      int width = end - first;
      double[] values = new double[coded.rows() * width];
      for (int i = 0; i < values.length; i++) {
        values[i] = value(weights, i / width * columns, first + i % width);
      }
      double[] sorted = values.clone();
      Arrays.parallelSort(sorted);
      double threshold = sorted[(int) Math.min(sorted.length - 1, (1 - kept) * sorted.length)];
      for (int i = 0; i < values.length; i++) {
        coded.pruned()[i / width * columns + first + i % width] = values[i] <= threshold;
      }
    }
  }

  @Override
  public void code(double[] weights, int column, int firstRow, int endRow, double[] decoded) {
    for (int row = firstRow; row < endRow; row++) {
      int at = row * columns;
      if (column % groupColumns == 0) {
        beginGroup(weights, row, column);
      }
      if (keep instanceof Keep.Some(int kept, int of) && column % of == 0) {
        prune(weights, at, column, of - kept, of);
      }
      decoded[row - firstRow] = coded.pruned()[at + column] ? 0 : round(weights, row, column);
    }
  }

  private double round(double[] weights, int row, int column) {
    float rowScale = coded.scale(row, column);
    int code = levels.code(weights[row * columns + column], rowScale);
    coded.codes()[row * columns + column] = (byte) code;
    return levels.value(code, rowScale);
  }

  /** The output error that pruning a weight would leave. */
  double value(double[] weights, int rowStart, int column) {
    double weight = weights[rowStart + column];
    return weight * weight * costs[column];
  }

  /** Of weights of equal value the later one goes. */
  private void prune(double[] weights, int rowStart, int column, int count, int of) {
    for (int done = 0; done < count; done++) {
      int least = -1;
      for (int j = column; j < column + of; j++) {
        boolean less = least < 0 || value(weights, rowStart, j) <= value(weights, rowStart, least);
        least = !coded.pruned()[rowStart + j] && less ? j : least;
      }
      coded.pruned()[rowStart + least] = true;
    }
  }

  private void beginGroup(double[] weights, int row, int first) {
    int width = Math.min(groupColumns, columns - first);
    double[] group =
        Arrays.copyOfRange(weights, row * columns + first, row * columns + first + width);
    double[] groupCosts = Arrays.copyOfRange(costs, first, first + width);
    double[] values = new double[width];
    for (int i = 0; i < width; i++) {
      values[i] = group[i] * group[i] * groupCosts[i];
    }
    forget(values, groupCosts);
    double wanted = scale.of(group, groupCosts, levels);
    coded.scales()[row * coded.groups() + first / groupColumns] = StoredScale.nearest(wanted);
  }

  /** Takes the cost of weights that would be pruned if there were no compensation. */
  private void forget(double[] values, double[] groupCosts) {
    switch (keep) {
      case Keep.All() -> {}
      case Keep.Some(int kept, int of) -> {
        for (int first = 0; first < values.length; first += of) {
          forget(values, groupCosts, first, Math.min(of, values.length - first), kept);
        }
      }
      case Keep.Share(double kept) ->
          forget(values, groupCosts, 0, values.length, (int) Math.ceil(kept * values.length));
    }
  }

  private static void forget(double[] values, double[] costs, int first, int count, int kept) {
    double[] sorted = Arrays.copyOfRange(values, first, first + count);
    Arrays.sort(sorted);
    double least = sorted[Math.max(0, count - kept)];
    for (int i = first; i < first + count; i++) {
      costs[i] = values[i] < least ? 0 : costs[i];
    }
  }
}
