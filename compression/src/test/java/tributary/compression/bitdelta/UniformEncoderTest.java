package tributary.compression.bitdelta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static tributary.compression.bitdelta.Matrices.decoded;
import static tributary.compression.bitdelta.Matrices.difference;
import static tributary.compression.bitdelta.Matrices.gaussian;
import static tributary.compression.bitdelta.Matrices.squaredDistance;

import java.lang.foreign.Arena;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.tensor.format.SignPlanes;

class UniformEncoderTest {
  private final Arena arena = Arena.ofShared();

  @AfterEach
  void free() {
    arena.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void decoded_values_are_the_nearest_levels_of_the_row(int bits) {
    int columns = 70;
    float[] values = gaussian(bits, 5 * columns);
    Encoded encoded = UniformEncoder.encode(difference(5, columns, values), bits, arena);
    float[] decoded = decoded(encoded.planes());
    for (int row = 0; row < 5; row++) {
      float step = Math.scalb(encoded.planes().planes().getFirst().scales()[row], 2 - bits);
      for (int column = 0; column < columns; column++) {
        float value = values[row * columns + column];
        double nearest = Double.POSITIVE_INFINITY;
        for (int code = 0; code < 1 << bits; code++) {
          double level = step * (code - ((1 << bits) - 1) / 2.0);
          nearest = Math.min(nearest, Math.abs(value - level));
        }
        assertThat((double) Math.abs(value - decoded[row * columns + column]))
            .isCloseTo(nearest, within(1e-5));
      }
    }
    assertThat(squaredDistance(values, decoded)).isCloseTo(encoded.squaredError(), within(1e-3));
  }

  @Test
  void scales_halve_from_plane_to_plane() {
    SignPlanes planes =
        UniformEncoder.encode(difference(2, 64, gaussian(4, 128)), 4, arena).planes();
    for (int plane = 1; plane < 4; plane++) {
      for (int row = 0; row < 2; row++) {
        assertThat(planes.planes().get(plane).scales()[row])
            .isEqualTo(planes.planes().get(plane - 1).scales()[row] / 2);
      }
    }
  }

  @Test
  void one_bit_is_the_sign_with_the_mean_magnitude() {
    float[] values = {0.5f, -0.25f, 0, -1.25f};
    SignPlanes planes = UniformEncoder.encode(difference(1, 4, values), 1, arena).planes();
    assertThat(decoded(planes)).containsExactly(0.5f, -0.5f, 0.5f, -0.5f);
  }

  /** Least squared errors of uniform quantizers of a Gaussian (Max, 1960), in parts of variance. */
  @ParameterizedTest
  @CsvSource({"1, 0.3634", "2, 0.1188", "3, 0.03744", "4, 0.01154", "5, 0.003495"})
  void the_step_is_about_as_good_as_theory_allows(int bits, double theory) {
    Encoded encoded =
        UniformEncoder.encode(difference(20, 4000, gaussian(bits, 80_000)), bits, arena);
    assertThat(encoded.squaredError() / encoded.squaredNorm())
        .isBetween(theory * 0.96, theory * 1.02);
  }

  @Test
  void a_value_far_out_does_not_spoil_its_row() {
    float[] values = gaussian(5, 512);
    values[100] = 50;
    double widest = 50 / 7.5;
    double unfitted = new UniformStep(4).error(values, (float) widest);
    Encoded encoded = UniformEncoder.encode(difference(1, 512, values), 4, arena);
    assertThat(encoded.squaredError()).isLessThan(unfitted * 0.75);
  }

  @Test
  void a_row_of_zeros_stays_zero_and_tiny_rows_stay_finite() {
    float[] values = new float[192];
    Arrays.fill(values, 64, 128, Float.MIN_VALUE);
    Arrays.fill(values, 128, 192, 1e-30f);
    Encoded encoded = UniformEncoder.encode(difference(3, 64, values), 4, arena);
    float[] decoded = decoded(encoded.planes());
    for (int i = 0; i < 64; i++) {
      assertThat(decoded[i]).isZero();
      assertThat(decoded[64 + i]).isZero();
      assertThat(decoded[128 + i]).isCloseTo(1e-30f, within(1e-31f));
    }
  }

  @Test
  void values_on_the_levels_are_given_back() {
    float[] values = {-7.5f, -6.5f, -0.5f, 0.5f, 1.5f, 7.5f};
    Encoded encoded = UniformEncoder.encode(difference(1, 6, values), 4, arena);
    assertThat(decoded(encoded.planes())).isEqualTo(values);
  }
}
