package tributary.compression.solver;

import tributary.compression.LinearProblem;
import tributary.compression.calibration.InputStatistics;
import tributary.gpu.Gemm;
import tributary.gpu.Gemm.Extent;

/**
 * The difference that a code should come close to.
 *
 * <p>With the inputs X of the fine-tune and those Y of the model compressed so far, it is the one
 * that gives the fine-tune's outputs from Y: it minimizes {@code |Wf X - (Wb + D) Y|^2} plus the
 * curvature's damping times {@code |D - (Wf - Wb)|^2}, which gives {@code D = (Wf - Wb) + Wf (X Y^T
 * - Y Y^T) H^-1}. Where only Y is known it is the plain difference.
 */
public final class OutputTarget {
  private OutputTarget() {}

  /** The target [rows, columns]. */
  public static float[] of(LinearProblem problem, Curvature curvature, Gemm gemm) {
    float[] target = problem.difference();
    InputStatistics inputs = problem.inputs();
    double[] cross = inputs == null ? null : inputs.cross();
    if (inputs == null || cross == null) {
      return target;
    }
    int columns = problem.columns();
    float[] drift = new float[cross.length];
    float[] factor = new float[cross.length];
    for (int i = 0; i < drift.length; i++) {
      drift[i] = (float) (cross[i] - inputs.gram()[i]);
      factor[i] = (float) curvature.factor()[i];
    }
    Extent extent = new Extent(problem.rows(), columns, columns);
    float[] missed = new float[target.length];
    gemm.add(missed, problem.tuned(), drift, extent);
    // The inverse of H is U^T U.
    float[] half = new float[target.length];
    gemm.addTransposed(half, missed, factor, extent);
    float[] correction = new float[target.length];
    gemm.add(correction, half, factor, extent);
    for (int i = 0; i < target.length; i++) {
      target[i] += curvature.isDead(i % columns) ? 0 : correction[i];
    }
    return target;
  }
}
