package tributary.compression.bands;

import tributary.compression.LinearProblem;
import tributary.compression.calibration.InputStatistics;
import tributary.compression.solver.Curvature;

/** The curvature of a problem; without calibration every column counts the same. */
final class InputCurvature {
  private InputCurvature() {}

  static Curvature of(LinearProblem problem, double damping) {
    InputStatistics inputs = problem.inputs();
    return inputs == null
        ? Curvature.identity(problem.columns())
        : Curvature.of(inputs.gram(), problem.columns(), damping);
  }
}
