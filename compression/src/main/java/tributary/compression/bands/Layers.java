package tributary.compression.bands;

import tributary.compression.LinearProblem;
import tributary.compression.solver.Curvature;
import tributary.compression.solver.LayerCurvatures;
import tributary.compression.solver.OutputTarget;
import tributary.gpu.Gemm;

/** Turns problems into layers. */
final class Layers {
  private final LayerCurvatures curvatures;
  private final Gemm gemm;

  Layers(double damping, Gemm gemm) {
    this.curvatures = new LayerCurvatures(damping);
    this.gemm = gemm;
  }

  Layer of(LinearProblem problem) {
    Curvature curvature = curvatures.of(problem);
    float[] target = OutputTarget.of(problem, curvature, gemm);
    return new Layer(target, problem.base(), curvature, gemm);
  }
}
