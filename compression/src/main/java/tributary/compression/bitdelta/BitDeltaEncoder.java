package tributary.compression.bitdelta;

import java.lang.foreign.Arena;
import tributary.compression.LinearEncoder;
import tributary.compression.LinearProblem;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.SignPlanes;

/** Codes linear layers by what a rule says of their differences alone. */
public final class BitDeltaEncoder {
  private BitDeltaEncoder() {}

  /** A rule of this package. */
  @FunctionalInterface
  public interface Rule {
    Encoded encode(Difference difference, int planes, Arena arena);
  }

  /** Codes every layer by a rule. */
  public static LinearEncoder of(Rule rule, int planes) {
    return (problem, arena) ->
        DeltaTensor.Coded.of(rule.encode(difference(problem), planes, arena).planes());
  }

  /** As {@link #of}, with the scales that then have the least output error. */
  public static LinearEncoder calibrated(Rule rule, int planes, double damping) {
    return (problem, arena) -> {
      SignPlanes rounded = rule.encode(difference(problem), planes, arena).planes();
      return DeltaTensor.Coded.of(CalibratedScales.fit(problem, rounded, damping));
    };
  }

  private static Difference difference(LinearProblem problem) {
    Shape shape = Shape.of(problem.rows(), problem.columns());
    return new Difference(
        TensorView.of(shape, problem.base()), TensorView.of(shape, problem.tuned()));
  }
}
