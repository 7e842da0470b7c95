package tributary.compression.spqr;

import java.lang.foreign.Arena;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tributary.compression.LinearProblem;
import tributary.compression.solver.ColumnSweep;
import tributary.compression.solver.Curvature;
import tributary.compression.solver.LayerCurvatures;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.format.MatrixCode;

/**
 * Codes differences as SpQR codes weights. Unlike the published code it stores of an outlier what
 * its grid misses, gives a group of zeros exact zeros, and a group of equal weights their value.
 */
public final class SpqrEncoder {
  /**
   * What to encode to.
   *
   * @param bits of a weight, 2 to 8
   * @param groupColumns inputs that share a grid
   * @param statistics how scales and zeros are stored
   * @param outlierThreshold squared error, relative to the mean cost of losing a weight, past which
   *     a weight is stored beside the grid: larger means fewer, infinity none
   * @param order in which inputs are coded and grouped
   * @param damping of the curvature, as a share of its mean diagonal entry
   */
  public record Settings(
      int bits,
      int groupColumns,
      Statistics statistics,
      double outlierThreshold,
      Order order,
      double damping) {
    public Settings {
      requireRange("bits", bits, 2, 8);
      requireRange("group", groupColumns, 1, 1 << 16);
      if (!(outlierThreshold >= 0)) {
        throw TributaryException.parameter("outliers", outlierThreshold, 0, Double.MAX_VALUE);
      }
    }

    /** The published settings with a grid for each 16 inputs. */
    public static Settings usual(int bits) {
      return new Settings(bits, 16, Statistics.USUAL, 0.2, Order.FALLING_CURVATURE, 1);
    }

    private static void requireRange(String name, int found, int min, int max) {
      if (found < min || found > max) {
        throw TributaryException.parameter(name, found, min, max);
      }
    }
  }

  /**
   * How the statistics of groups are stored.
   *
   * @param bits of a scale's or a zero's code, 1 to 8; 0 for fp16 numbers
   * @param runRows neighbouring rows whose statistics share a grid
   */
  public record Statistics(int bits, int runRows) {
    public static final Statistics USUAL = new Statistics(3, 16);

    /** Scales and zeros that are not quantized any further. */
    public static final Statistics PLAIN = new Statistics(0, 1);

    public Statistics {
      Settings.requireRange("statistic bits", bits, 0, 8);
      Settings.requireRange("rows of a run", runRows, 1, 1 << 10);
    }
  }

  /** The order of inputs. */
  public enum Order {
    NATURAL,
    /** Those whose errors cost most come first, while the others can still make up for them. */
    FALLING_CURVATURE
  }

  private final Settings settings;
  private final LayerCurvatures curvatures;

  public SpqrEncoder(Settings settings) {
    this.settings = settings;
    this.curvatures = new LayerCurvatures(settings.damping);
  }

  /**
   * Codes a layer's difference. The same problem gives the same code on every machine.
   *
   * @param arena owns the memory of the code
   */
  public MatrixCode encode(LinearProblem problem, Arena arena) {
    return switch (settings.order) {
      case NATURAL -> encode(problem, curvatures.of(problem), null, arena);
      case FALLING_CURVATURE -> {
        LayerCurvatures.Ordered ordered = curvatures.byFallingDiagonal(problem);
        yield encode(problem, ordered.curvature(), ordered.order(), arena);
      }
    };
  }

  private MatrixCode encode(
      LinearProblem problem, Curvature curvature, int @Nullable [] order, Arena arena) {
    double[] weights = difference(problem, order);
    int groupColumns = Math.min(settings.groupColumns, problem.columns());
    double threshold = threshold(weights, curvature);
    GroupCoder coder =
        new GroupCoder(
            problem.rows(),
            curvature,
            new GroupCoder.Plan(settings.bits, groupColumns, settings.statistics, threshold));
    double[] errors = ColumnSweep.run(weights, curvature, cut(groupColumns), coder);
    if (!Arrays.stream(errors).allMatch(Double::isFinite)) {
      throw new TributaryException(
          ErrorCode.INCOMPATIBLE_MODELS,
          "tensor %s: base or fine-tune holds values that are not finite"
              .formatted(Quoted.of(problem.name())));
    }
    return coder.packed(order, arena);
  }

  private static double[] difference(LinearProblem problem, int @Nullable [] order) {
    int columns = problem.columns();
    double[] difference = new double[problem.base().length];
    for (int i = 0; i < difference.length; i++) {
      int from = order == null ? i : i / columns * columns + order[i % columns];
      difference[i] = (double) problem.tuned()[from] - problem.base()[from];
    }
    return difference;
  }

  /** In the terms of the sweep: mean over columns of the rows' variance over the factor squared. */
  double threshold(double[] weights, Curvature curvature) {
    int columns = curvature.columns();
    int rows = weights.length / columns;
    if (settings.outlierThreshold == Double.POSITIVE_INFINITY) {
      return Double.POSITIVE_INFINITY;
    }
    double mean = 0;
    for (int j = 0; j < columns; j++) {
      double diagonal = curvature.factor()[j * columns + j];
      mean += variance(weights, j, rows, columns) / (diagonal * diagonal) / columns;
    }
    return settings.outlierThreshold * mean;
  }

  /** Over all rows but one; of a single row, about zero. */
  private static double variance(double[] weights, int column, int rows, int columns) {
    double sum = 0;
    double squares = 0;
    for (int row = 0; row < rows; row++) {
      double weight = weights[row * columns + column];
      sum += weight;
      squares += weight * weight;
    }
    return rows == 1 ? squares : Math.max(0, squares - sum * sum / rows) / (rows - 1);
  }

  /** Panels hold whole runs of rows, and blocks whole groups or begin within one's columns. */
  private ColumnSweep.Cut cut(int groupColumns) {
    int runRows = settings.statistics.runRows;
    int panelRows = Math.max(1, ColumnSweep.PANEL_ROWS / runRows) * runRows;
    int blockColumns = Math.max(1, ColumnSweep.BLOCK_COLUMNS / groupColumns) * groupColumns;
    return new ColumnSweep.Cut(blockColumns, panelRows);
  }
}
