package tributary.compression.bands;

import org.jspecify.annotations.Nullable;
import tributary.compression.LinearProblem;
import tributary.compression.calibration.InputStatistics;
import tributary.compression.solver.Curvature;
import tributary.compression.solver.OutputTarget;
import tributary.gpu.Gemm;

/**
 * Turns problems into layers. Problems that share their inputs come one after the other; their
 * curvature is computed once.
 */
final class Layers {
  private final double damping;
  private final Gemm gemm;
  private @Nullable InputStatistics lastInputs;
  private @Nullable Curvature last;

  Layers(double damping, Gemm gemm) {
    this.damping = damping;
    this.gemm = gemm;
  }

  Layer of(LinearProblem problem) {
    Curvature curvature = curvature(problem);
    return new Layer(OutputTarget.of(problem, curvature, gemm), curvature, gemm);
  }

  private Curvature curvature(LinearProblem problem) {
    InputStatistics inputs = problem.inputs();
    if (inputs == null) {
      return Curvature.identity(problem.columns());
    }
    Curvature known = inputs == lastInputs ? last : null;
    Curvature curvature =
        known == null ? Curvature.of(inputs.gram(), problem.columns(), damping) : known;
    lastInputs = inputs;
    last = curvature;
    return curvature;
  }
}
