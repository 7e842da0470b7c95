package tributary.compression.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tributary.compression.LinearProblem;
import tributary.compression.calibration.InputStatistics;
import tributary.tensor.format.SignPlanes;

class OutputErrorTest {
  private static final float[] BASE = {0, 0, 1, 1};
  private static final float[] TUNED = {1, -2, 2, 0};

  /** Two tokens, one a column: (1, 0) and (1, 1). */
  private static final double[] GRAM = {2, 1, 1, 1};

  @Test
  void errors_are_those_of_the_outputs() {
    LinearProblem problem = problem(new InputStatistics(2, 2, GRAM, null));
    // The difference is (1, -2), (1, -1); the code says (1, -1), (1, -1).
    long[] signs = {0b01, 0b01};
    SignPlanes code =
        new SignPlanes(
            2, 2, List.of(new SignPlanes.Plane(MemorySegment.ofArray(signs), new float[] {1})));
    OutputError error = OutputError.of(problem, code);
    // Of (0, -1) the outputs are 0 and -1; of the differences 1, -1 and 1, 0.
    assertThat(error.squaredError()).isEqualTo(1);
    assertThat(error.squaredChange()).isEqualTo(3);
    assertThat(error.relative()).isCloseTo(Math.sqrt(1 / 3.0), within(1e-12));
    assertThat(new OutputError("w", 0, 0).relative()).isZero();
    assertThatThrownBy(() -> OutputError.of(problem(null), code))
        .hasMessageContaining("w: nothing");
  }

  private static LinearProblem problem(@Nullable InputStatistics inputs) {
    return new LinearProblem("w", 2, 2, BASE, TUNED, inputs);
  }
}
