package tributary.compression.distill;

import java.util.Optional;
import tributary.tensor.format.GroupStatistics;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.LowRank;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.SparseCodes;
import tributary.tensor.format.VectorCodes;

/**
 * A code as a function of its scales, its codes being fixed: the decoded difference is the sum over
 * scales of {@code scale * pattern}. Patterns are [rows, columns], row-major.
 */
public interface ScaledCode {
  /** The scales that the code has. */
  float[] scales();

  /** Adds the difference, decoded with these scales, to {@code weight}. */
  void addTo(float[] weight, float[] scales);

  /**
   * The gradient of a loss with respect to each scale: the inner product of its pattern with the
   * loss's gradient with respect to the weight.
   */
  double[] gradient(float[] weightGradient);

  /** The same codes with these scales. */
  MatrixCode withScales(float[] scales);

  /** This code's scales, if it has any that its values are proportional to. */
  static Optional<ScaledCode> of(MatrixCode code) {
    return switch (code) {
      case SignPlanes planes -> Optional.of(new SignPlaneScales(planes));
      case SparseCodes sparse -> Optional.of(GroupScales.of(sparse));
      case VectorCodes vectors -> Optional.of(GroupScales.of(vectors));
      case GroupedCodes grouped
          when grouped.statistics() instanceof GroupStatistics.Plain plain
              && grouped.order() == null
              && grouped.outliers().count() == 0 ->
          Optional.of(GroupScales.of(grouped, plain));
      case GroupedCodes _, LookupPlanes _, LowRank _ -> Optional.empty();
    };
  }
}
