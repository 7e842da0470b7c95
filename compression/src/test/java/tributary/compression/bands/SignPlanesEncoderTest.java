package tributary.compression.bands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.compression.LinearProblem;
import tributary.tensor.format.DeltaTensor.Coded;
import tributary.tensor.format.SignPlanes;

class SignPlanesEncoderTest {
  private static final double DAMPING = 0.01;

  @Test
  void without_calibration_one_plane_is_the_sign_and_the_mean_magnitude() {
    LinearProblem problem = Problems.uncorrelated(1, 5, 70);
    Coded coded = encode(problem, 1);
    SignPlanes code = (SignPlanes) coded.code();
    float[] difference = problem.difference();
    for (int row = 0; row < 5; row++) {
      double sum = 0;
      for (int c = 0; c < 70; c++) {
        float own = problem.base()[row * 70 + c] * (coded.baseFactor(row) - 1);
        float left = difference[row * 70 + c] - own;
        sum += Math.abs(left);
        // The factor is rounded when it is stored.
        if (Math.abs(left) > 0.01) {
          assertThat(code.isPlus(0, row, c)).isEqualTo(left >= 0);
        }
      }
      assertThat(code.planes().getFirst().scale(row))
          .isCloseTo((float) (sum / 70), within(0.02f * (float) (sum / 70)));
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3})
  void making_up_for_errors_takes_a_third_off_the_error_of_the_outputs(long seed) {
    LinearProblem problem = Problems.correlated(seed, 32, 128);
    Coded rounded = encode(uncalibrated(problem), 1);
    Coded searched = encode(problem, 1);
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
    SignPlanes code = (SignPlanes) encode(Problems.correlated(5, 16, 64), 3).code();
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
  void rows_that_only_grew_or_shrank_are_a_factor_of_the_base() {
    LinearProblem any = Problems.correlated(8, 6, 48);
    float[] tuned = any.base().clone();
    for (int i = 0; i < tuned.length; i++) {
      tuned[i] *= 1 + 0.125f * (i / 48 - 2);
    }
    LinearProblem scaled = new LinearProblem("scaled", 6, 48, any.base(), tuned, any.inputs());
    Coded coded = encode(scaled, 1);
    for (int row = 0; row < 6; row++) {
      assertThat(coded.baseFactor(row)).isCloseTo(1 + 0.125f * (row - 2), within(1e-3f));
      for (int c = 0; c < 48; c++) {
        assertThat(coded.code().value(row, c)).isCloseTo(0, within(1e-3f));
      }
    }
  }

  @Test
  void factors_of_the_base_lower_the_error_where_rows_changed_their_size() {
    LinearProblem plain = Problems.correlated(9, 16, 64);
    float[] tuned = plain.tuned().clone();
    for (int i = 0; i < tuned.length; i++) {
      tuned[i] -= 0.2f * plain.base()[i];
    }
    LinearProblem shrunk = new LinearProblem("shrunk", 16, 64, plain.base(), tuned, plain.inputs());
    double error = Problems.relativeOutputError(shrunk, encode(shrunk, 1));
    // What is left beside the factor is as hard as the plain difference, which is a third as large.
    assertThat(error).isLessThan(0.6 * Problems.relativeOutputError(plain, encode(plain, 1)));
  }

  @Test
  void nothing_changed_decodes_to_nothing() {
    LinearProblem changed = Problems.correlated(6, 4, 32);
    LinearProblem same =
        new LinearProblem("same", 4, 32, changed.base(), changed.base(), changed.inputs());
    Coded code = encode(same, 2);
    for (int row = 0; row < 4; row++) {
      assertThat(code.baseFactor(row)).isEqualTo(1);
      for (int c = 0; c < 32; c++) {
        assertThat(code.code().value(row, c)).isZero();
      }
    }
  }

  @Test
  void the_same_layer_gives_the_same_code() {
    LinearProblem problem = Problems.correlated(7, 40, 64);
    Coded once = encode(problem, 2);
    Coded twice = encode(problem, 2);
    assertThat(twice.baseFactors()).containsExactly(once.baseFactors());
    SignPlanes first = (SignPlanes) once.code();
    SignPlanes again = (SignPlanes) twice.code();
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

  private static Coded encode(LinearProblem problem, int planes) {
    return new SignPlanesEncoder(planes, DAMPING, Problems.GEMM).encode(problem, Arena.ofAuto());
  }
}
