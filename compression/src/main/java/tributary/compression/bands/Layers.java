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
    return new Layer(OutputTarget.of(problem, curvature, gemm), curvature, gemm);
  }
}
