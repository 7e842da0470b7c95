package tributary.compression.bitdelta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static tributary.compression.bitdelta.Matrices.decoded;
import static tributary.compression.bitdelta.Matrices.difference;
import static tributary.compression.bitdelta.Matrices.gaussian;
import static tributary.compression.bitdelta.Matrices.laplace;
import static tributary.compression.bitdelta.Matrices.squaredDistance;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.compression.solver.StoredScale;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.SignPlanes;

class SignEncoderTest {
  private final Arena arena = Arena.ofShared();

  @AfterEach
  void free() {
    arena.close();
  }

  @Test
  void the_published_example_is_met_and_the_sign_of_zero_is_plus() {
    SignPlanes planes = perMatrix(difference(2, 2, 0.5f, -0.25f, 0, -1), 1).planes();
    assertThat(planes.planes().getFirst().scales()).containsExactly(0.4375f);
    assertThat(decoded(planes)).containsExactly(0.4375f, -0.4375f, 0.4375f, -0.4375f);
  }

  @Test
  void a_negative_zero_is_plus_as_well() {
    SignPlanes planes = perMatrix(difference(1, 2, -0f, 1), 1).planes();
    assertThat(planes.isPlus(0, 0, 0)).isTrue();
  }

  static LongStream seeds() {
    return LongStream.range(0, 5);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void the_scale_is_the_mean_magnitude_and_any_other_is_worse_by_the_squared_miss(long seed) {
    float[] values = gaussian(seed, 33 * 70);
    Encoded encoded = perMatrix(difference(33, 70, values), 1);
    double alpha = encoded.planes().planes().getFirst().scales()[0];
    double mean = 0;
    for (float value : values) {
      mean += Math.abs(value) / (double) values.length;
    }
    assertThat(alpha).isCloseTo(mean, within(1e-7));
    double least = squaredError(values, encoded.planes(), alpha);
    assertThat(encoded.squaredError()).isCloseTo(least, within(1e-7 * least));
    // The error is a parabola, so that its middle difference is its derivative.
    double slope =
        squaredError(values, encoded.planes(), alpha + 0.5)
            - squaredError(values, encoded.planes(), alpha - 0.5);
    assertThat(slope / values.length).isCloseTo(0, within(2e-7));
    for (double other : new double[] {0, alpha / 2, alpha * 1.01, alpha + 1}) {
      double excess = values.length * (alpha - other) * (alpha - other);
      double found = squaredError(values, encoded.planes(), other) - least;
      assertThat(found).isCloseTo(excess, within(1e-4 * excess));
    }
  }

  /** With the signs of the first plane and another scale. */
  private static double squaredError(float[] values, SignPlanes planes, double scale) {
    double error = 0;
    for (int i = 0; i < values.length; i++) {
      boolean plus = planes.isPlus(0, i / planes.columns(), i % planes.columns());
      double miss = values[i] - (plus ? scale : -scale);
      error += miss * miss;
    }
    return error;
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void each_plane_lowers_the_squared_error_by_its_own_energy(long seed) {
    float[] values = gaussian(seed, 40 * 65);
    double left = 0;
    for (float value : values) {
      left += (double) value * value;
    }
    for (int planes = 1; planes <= 6; planes++) {
      Encoded encoded = perMatrix(difference(40, 65, values), planes);
      float alpha = encoded.planes().planes().getLast().scales()[0];
      left -= values.length * (double) alpha * alpha;
      assertThat(encoded.squaredError()).isCloseTo(left, within(1e-2));
      assertThat(squaredDistance(values, decoded(encoded.planes())))
          .isCloseTo(encoded.squaredError(), within(1e-2));
    }
  }

  @Test
  void scales_need_not_fall_from_plane_to_plane() {
    float[] values = new float[100];
    values[17] = 100;
    SignPlanes planes = perMatrix(difference(1, 100, values), 2).planes();
    assertThat(planes.planes().get(0).scales()[0]).isEqualTo(1f);
    assertThat(planes.planes().get(1).scales()[0]).isCloseTo(1.98f, within(1e-6f));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 31, 63, 64, 65, 128, 200})
  void equal_magnitudes_are_given_back_exactly_whatever_the_width(int columns) {
    float[] values = gaussian(columns, 3 * columns);
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.copySign(0.375f, values[i]);
    }
    assertThat(decoded(perMatrix(difference(3, columns, values), 1).planes())).isEqualTo(values);
    assertThat(decoded(perRow(difference(3, columns, values), 1).planes())).isEqualTo(values);
  }

  @Test
  void the_relative_error_is_that_of_the_distribution() {
    assertThat(relativeError(gaussian(1, 400 * 500)))
        .isCloseTo(Math.sqrt(1 - 2 / Math.PI), within(0.005));
    assertThat(relativeError(laplace(1, 400 * 500))).isCloseTo(Math.sqrt(0.5), within(0.005));
  }

  @Test
  void a_scale_per_row_follows_rows_of_different_size() {
    float[] values = {1, -1, 1, 64, 64, -64, 0, 0, 0};
    Encoded encoded = perRow(difference(3, 3, values), 1);
    assertThat(encoded.planes().planes().getFirst().scales()).containsExactly(1, 64, 0);
    assertThat(decoded(encoded.planes())).isEqualTo(values);
    assertThat(encoded.squaredError()).isZero();
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void later_planes_code_what_the_rounded_scales_left(long seed) {
    float[] values = gaussian(seed, 37 * 50);
    double before = Double.POSITIVE_INFINITY;
    for (int planes = 1; planes <= 8; planes++) {
      Encoded encoded = perRow(difference(37, 50, values), planes);
      assertThat(squaredDistance(values, decoded(encoded.planes())))
          .isCloseTo(encoded.squaredError(), within(1e-3));
      assertThat(encoded.squaredError()).isLessThan(before);
      before = encoded.squaredError();
    }
    assertThat(before).isLessThan(0.02 * values.length);
  }

  @Test
  void bfloat16_is_widened_before_it_is_subtracted() {
    // In bfloat16 both differences would be rounded to zero or to 1/128.
    TensorView base = bfloat16(1.0078125f, 1f);
    TensorView tuned = TensorView.of(Shape.of(1, 2), 1.0078135f, 0.999999f);
    Encoded encoded = SignEncoder.perMatrix(new Difference(base, tuned), 1, arena);
    assertThat(encoded.planes().planes().getFirst().scales()[0]).isCloseTo(1e-6f, within(1e-7f));
  }

  @Test
  void the_result_does_not_depend_on_how_work_is_shared() {
    Difference difference = difference(100, 70, gaussian(9, 7000));
    Encoded first = perMatrix(difference, 3);
    for (int round = 0; round < 10; round++) {
      Encoded again = perMatrix(difference, 3);
      for (int plane = 0; plane < 3; plane++) {
        assertThat(again.planes().planes().get(plane).scales())
            .isEqualTo(first.planes().planes().get(plane).scales());
        assertThat(
                again
                    .planes()
                    .planes()
                    .get(plane)
                    .signs()
                    .mismatch(first.planes().planes().get(plane).signs()))
            .isEqualTo(-1);
      }
    }
  }

  @Test
  void two_byte_scales_are_used_only_where_they_are_precise() {
    assertThat(StoredScale.nearest(0.1))
        .isEqualTo(Float.float16ToFloat(Float.floatToFloat16(0.1f)));
    assertThat(StoredScale.nearest(1e-6)).isEqualTo(1e-6f);
    assertThat(StoredScale.nearest(1e6)).isEqualTo(1e6f);
    assertThat(StoredScale.nearest(0)).isZero();
  }

  private double relativeError(float[] values) {
    Encoded encoded = perMatrix(difference(400, 500, values), 1);
    return Math.sqrt(encoded.squaredError() / encoded.squaredNorm());
  }

  private Encoded perMatrix(Difference difference, int planes) {
    return SignEncoder.perMatrix(difference, planes, arena);
  }

  private Encoded perRow(Difference difference, int planes) {
    return SignEncoder.perRow(difference, planes, arena);
  }

  private static TensorView bfloat16(float... values) {
    short[] bits = new short[values.length];
    for (int i = 0; i < values.length; i++) {
      bits[i] = (short) (Float.floatToIntBits(values[i]) >>> Short.SIZE);
    }
    return new TensorView(DType.BF16, Shape.of(1, values.length), MemorySegment.ofArray(bits));
  }
}
