package tributary.compression.bands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.compression.LinearProblem;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;

class SignPlanesEncoderTest {
  private static final double DAMPING = 0.01;

  @Test
  void without_calibration_one_plane_is_the_sign_and_the_mean_magnitude() {
    LinearProblem problem = Problems.uncorrelated(1, 5, 70);
    SignPlanes code = encode(problem, 1);
    float[] difference = problem.difference();
    for (int row = 0; row < 5; row++) {
      double sum = 0;
      for (int c = 0; c < 70; c++) {
        sum += Math.abs(difference[row * 70 + c]);
        assertThat(code.isPlus(0, row, c)).isEqualTo(difference[row * 70 + c] >= 0);
      }
      assertThat(code.planes().getFirst().scale(row))
          .isCloseTo((float) (sum / 70), within(1e-3f * (float) (sum / 70)));
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3})
  void making_up_for_errors_takes_a_third_off_the_error_of_the_outputs(long seed) {
    LinearProblem problem = Problems.correlated(seed, 32, 128);
    SignPlanes rounded = encode(uncalibrated(problem), 1);
    SignPlanes searched = encode(problem, 1);
    assertThat(Problems.relativeOutputError(problem, searched))
        .isLessThan(0.67 * Problems.relativeOutputError(problem, rounded));
  }

  @Test
  void every_further_plane_lowers_the_error_of_the_outputs() {
    LinearProblem problem = Problems.correlated(4, 32, 96);
    double before = 1;
    for (int planes = 1; planes <= SignPlanesEncoder.PLANES_MAX; planes++) {
      double error = Problems.relativeOutputError(problem, encode(problem, planes));
      assertThat(error).as("%d planes", planes).isLessThan(0.75 * before);
      before = error;
    }
  }

  @Test
  void planes_of_a_row_are_in_order_of_their_scales() {
    SignPlanes code = encode(Problems.correlated(5, 16, 64), 3);
    for (int row = 0; row < 16; row++) {
      for (int p = 0; p < 3; p++) {
        float scale = code.planes().get(p).scale(row);
        assertThat(scale).isPositive();
        if (p > 0) {
          assertThat(scale).isLessThanOrEqualTo(code.planes().get(p - 1).scale(row));
        }
      }
    }
  }

  @Test
  void nothing_changed_decodes_to_nothing() {
    LinearProblem changed = Problems.correlated(6, 4, 32);
    LinearProblem same =
        new LinearProblem("same", 4, 32, changed.base(), changed.base(), changed.inputs());
    MatrixCode code = encode(same, 2);
    for (int row = 0; row < 4; row++) {
      for (int c = 0; c < 32; c++) {
        assertThat(code.value(row, c)).isZero();
      }
    }
  }

  @Test
  void the_same_layer_gives_the_same_code() {
    LinearProblem problem = Problems.correlated(7, 40, 64);
    SignPlanes first = encode(problem, 2);
    SignPlanes again = encode(problem, 2);
    for (int p = 0; p < 2; p++) {
      assertThat(again.planes().get(p).scales()).containsExactly(first.planes().get(p).scales());
      assertThat(again.planes().get(p).signs().mismatch(first.planes().get(p).signs()))
          .isEqualTo(-1);
    }
  }

  private static LinearProblem uncalibrated(LinearProblem problem) {
    return new LinearProblem(
        problem.name(), problem.rows(), problem.columns(), problem.base(), problem.tuned(), null);
  }

  private static SignPlanes encode(LinearProblem problem, int planes) {
    return new SignPlanesEncoder(planes, DAMPING, Problems.GEMM).encode(problem, Arena.ofAuto());
  }
}
