package tributary.compression.bitdelta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static tributary.compression.bitdelta.Matrices.decoded;
import static tributary.compression.bitdelta.Matrices.difference;
import static tributary.compression.bitdelta.Matrices.gaussian;
import static tributary.compression.bitdelta.Matrices.laplace;
import static tributary.compression.bitdelta.Matrices.squaredDistance;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.tensor.format.SignPlanes;

class JointSignEncoderTest {
  private final Arena arena = Arena.ofShared();

  @AfterEach
  void free() {
    arena.close();
  }

  static LongStream seeds() {
    return LongStream.range(0, 5);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void one_plane_is_the_published_plane(long seed) {
    Difference difference = difference(33, 70, gaussian(seed, 33 * 70));
    assertSame(
        JointSignEncoder.perMatrix(difference, 1, arena).planes(),
        SignEncoder.perMatrix(difference, 1, arena).planes());
    assertSame(
        JointSignEncoder.perRow(difference, 1, arena).planes(),
        SignEncoder.perRow(difference, 1, arena).planes());
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void it_is_never_worse_than_plane_after_plane(long seed) {
    Difference difference = difference(40, 65, laplace(seed, 40 * 65));
    for (int planes = 2; planes <= 8; planes++) {
      assertThat(JointSignEncoder.perMatrix(difference, planes, arena).squaredError())
          .isLessThanOrEqualTo(SignEncoder.perMatrix(difference, planes, arena).squaredError());
      assertThat(JointSignEncoder.perRow(difference, planes, arena).squaredError())
          .isLessThanOrEqualTo(
              SignEncoder.perRow(difference, planes, arena).squaredError() * (1 + 1e-5));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 8})
  void every_value_takes_the_nearest_sum_of_planes_and_the_error_is_what_is_told(int planes) {
    float[] values = gaussian(planes, 7 * 130);
    Encoded encoded = JointSignEncoder.perRow(difference(7, 130, values), planes, arena);
    float[] decoded = decoded(encoded.planes());
    assertThat(squaredDistance(values, decoded)).isCloseTo(encoded.squaredError(), within(1e-4));
    for (int row = 0; row < 7; row++) {
      float[] levels = levels(encoded.planes(), row);
      for (int column = 0; column < 130; column++) {
        int at = row * 130 + column;
        float nearest = Float.POSITIVE_INFINITY;
        for (float level : levels) {
          nearest = Math.min(nearest, Math.abs(values[at] - level));
        }
        assertThat(Math.abs(values[at] - decoded[at])).isCloseTo(nearest, within(1e-6f));
      }
    }
  }

  /** Least error of four levels without further structure (Max, 1960), in parts of variance. */
  @Test
  void two_planes_reach_the_best_four_levels_of_a_gaussian() {
    Encoded encoded =
        JointSignEncoder.perMatrix(difference(100, 2000, gaussian(3, 200_000)), 2, arena);
    assertThat(encoded.squaredError() / encoded.squaredNorm()).isCloseTo(0.1175, within(0.0015));
  }

  @Test
  void sums_of_planes_are_given_back_exactly() {
    float[] values = new float[256];
    for (int i = 0; i < values.length; i++) {
      values[i] = ((i & 1) == 0 ? 0.75f : -0.75f) + ((i & 2) == 0 ? 0.25f : -0.25f);
    }
    Encoded encoded = JointSignEncoder.perRow(difference(2, 128, values), 2, arena);
    assertThat(decoded(encoded.planes())).isEqualTo(values);
  }

  @Test
  void rows_that_determine_no_scales_stay_as_they_start() {
    float[] values = new float[64 * 3];
    Arrays.fill(values, 64, 128, 0.5f);
    values[128] = 3;
    Encoded encoded = JointSignEncoder.perRow(difference(3, 64, values), 3, arena);
    float[] decoded = decoded(encoded.planes());
    for (int i = 0; i < 64; i++) {
      assertThat(decoded[i]).isZero();
      assertThat(decoded[64 + i]).isEqualTo(0.5f);
    }
    assertThat(encoded.squaredError()).isLessThan(9);
  }

  @Test
  void zero_goes_to_the_level_above_it() {
    SignPlanes planes = JointSignEncoder.perMatrix(difference(1, 3, -1, 0, 1), 1, arena).planes();
    assertThat(planes.isPlus(0, 0, 1)).isTrue();
  }

  private static float[] levels(SignPlanes planes, int row) {
    int count = planes.planes().size();
    float[] levels = new float[1 << count];
    for (int code = 0; code < levels.length; code++) {
      for (int plane = 0; plane < count; plane++) {
        float scale = planes.planes().get(plane).scale(row);
        levels[code] += (code >>> plane & 1) == 1 ? scale : -scale;
      }
    }
    return levels;
  }

  private static void assertSame(SignPlanes found, SignPlanes wanted) {
    assertThat(found.planes().getFirst().scales()).isEqualTo(wanted.planes().getFirst().scales());
    assertThat(found.planes().getFirst().signs().mismatch(wanted.planes().getFirst().signs()))
        .isEqualTo(-1);
  }
}
