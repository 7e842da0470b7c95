package tributary.compression.solver;

import java.util.Comparator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.compression.LinearProblem;
import tributary.compression.calibration.InputStatistics;

/**
 * The curvatures of layers with one damping. Layers that read the same input follow each other and
 * share what was computed for the first. Safe for use by several threads.
 */
public final class LayerCurvatures {
  private static final Logger LOG = LoggerFactory.getLogger(LayerCurvatures.class);

  /**
   * A curvature for columns in the order of a sweep.
   *
   * @param order position p of the sweep is column {@code order[p]}
   */
  @SuppressWarnings("ArrayRecordComponent") // As large as the layer; never compared.
  public record Ordered(Curvature curvature, int[] order) {}

  private record Known(@Nullable InputStatistics inputs, Curvature curvature) {}

  private final double damping;
  private @Nullable Known known;
  private @Nullable Ordered ordered;

  /**
   * Curvatures with the same damping.
   *
   * @param damping share of the mean diagonal entry that is added to the diagonal
   */
  public LayerCurvatures(double damping) {
    this.damping = damping;
  }

  /**
   * The curvature of a layer's output error; the identity without calibration, and where statistics
   * are not those of any input, so that every error costs the same.
   */
  @SuppressWarnings("ReferenceEquality") // Statistics are as large as the layer squared.
  public synchronized Curvature of(LinearProblem problem) {
    InputStatistics inputs = problem.inputs();
    Known last = known;
    if (last == null || last.inputs != inputs || last.curvature.columns() != problem.columns()) {
      last = new Known(inputs, compute(problem));
      known = last;
      ordered = null;
    }
    return last.curvature;
  }

  /** The same, for columns in the order of falling diagonal entries; equal ones keep theirs. */
  public synchronized Ordered byFallingDiagonal(LinearProblem problem) {
    Curvature curvature = of(problem);
    Ordered last = ordered;
    if (last == null) {
      int columns = curvature.columns();
      double[] hessian = curvature.hessian();
      int[] order =
          IntStream.range(0, columns)
              .boxed()
              .sorted(Comparator.comparingDouble((Integer j) -> -hessian[j * columns + j]))
              .mapToInt(Integer::intValue)
              .toArray();
      last = new Ordered(curvature.permuted(order), order);
      ordered = last;
    }
    return last;
  }

  private Curvature compute(LinearProblem problem) {
    InputStatistics inputs = problem.inputs();
    if (inputs == null) {
      return Curvature.identity(problem.columns());
    }
    try {
      Curvature curvature = Curvature.of(inputs.gram(), problem.columns(), damping);
      if (curvature.damping() > damping) {
        LOG.warn(
            "{}: its inputs hardly differ; damping was raised from {} to {}",
            problem.name(),
            damping,
            curvature.damping());
      }
      return curvature;
    } catch (IllegalArgumentException e) {
      LOG.warn("{}: rounded to nearest, for its {}", problem.name(), e.getMessage());
      return Curvature.identity(problem.columns());
    }
  }
}
