package tributary.compression.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.tensor.format.DeltaTensor.Coded;
import tributary.tensor.format.GroupStatistics;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.SparseCodes;
import tributary.tensor.format.VectorCodes;

final class ScaledCodeTest {
  private static final int ROWS = 5;
  private static final int COLUMNS = 68;

  static Stream<MatrixCode> codes() {
    SignPlanes perRow = Cases.signs(Cases.values(1, ROWS * COLUMNS), COLUMNS, true);
    SignPlanes single = Cases.signs(Cases.values(2, ROWS * COLUMNS), COLUMNS, false);
    SignPlanes mixed =
        new SignPlanes(
            ROWS,
            COLUMNS,
            List.of(
                perRow.planes().getFirst(),
                single.planes().getFirst(),
                perRow.planes().getFirst()));
    return Stream.of(perRow, single, mixed, vectors(), sparse(), grouped(null));
  }

  private static VectorCodes vectors() {
    int vectorRows = 4;
    return new VectorCodes(
        ROWS,
        COLUMNS,
        vectorRows,
        random(VectorCodes.indexBytes(ROWS, COLUMNS, vectorRows)),
        Cases.values(3, VectorCodes.VECTORS * vectorRows),
        Cases.values(4, ROWS));
  }

  private static SparseCodes sparse() {
    byte[] patterns = new byte[Math.toIntExact(SparseCodes.patternBytes(ROWS, COLUMNS))];
    Arrays.fill(patterns, (byte) 0xC9);
    return new SparseCodes(
        ROWS,
        COLUMNS,
        3,
        3.5f,
        20,
        MemorySegment.ofArray(patterns),
        random(SparseCodes.codeBytes(ROWS, COLUMNS, 3)),
        Cases.values(5, ROWS * 4));
  }

  // The order may be null; of a constructor in another module the checker does not see that.
  @SuppressWarnings("NullAway")
  private static GroupedCodes grouped(int @Nullable [] order) {
    return new GroupedCodes(
        ROWS,
        COLUMNS,
        3,
        20,
        random(GroupedCodes.codeBytes(ROWS, COLUMNS, 3)),
        new GroupStatistics.Plain(4, Cases.values(6, ROWS * 4), Cases.values(7, ROWS * 4)),
        order,
        GroupedCodes.Outliers.none(ROWS));
  }

  private static MemorySegment random(long bytes) {
    byte[] values = new byte[Math.toIntExact(bytes)];
    new SplittableRandom(bytes).nextBytes(values);
    return MemorySegment.ofArray(values);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("codes")
  void new_scales_decode_to_what_the_code_with_them_says(MatrixCode code) {
    ScaledCode scaled = ScaledCode.of(code).orElseThrow();
    float[] scales = Cases.values(8, scaled.scales().length);
    float[] weight = Cases.values(9, ROWS * COLUMNS);
    float[] sum = weight.clone();
    scaled.addTo(sum, scales);
    float[] decoded = Cases.decoded(Coded.of(scaled.withScales(scales)));
    for (int i = 0; i < sum.length; i++) {
      assertThat(sum[i]).isCloseTo(weight[i] + decoded[i], within(1e-5f));
    }
    assertThat(Cases.decoded(Coded.of(scaled.withScales(scaled.scales()))))
        .isEqualTo(Cases.decoded(Coded.of(code)));
  }

  /** The decoded difference is linear in each scale, so that a whole step is a derivative. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("codes")
  void a_scales_gradient_is_its_patterns_share_of_the_weights(MatrixCode code) {
    ScaledCode scaled = ScaledCode.of(code).orElseThrow();
    float[] weightGradient = Cases.values(10, ROWS * COLUMNS);
    double[] gradient = scaled.gradient(weightGradient);
    assertThat(gradient).hasSize(scaled.scales().length);
    for (int scale = 0; scale < gradient.length; scale++) {
      float[] one = new float[gradient.length];
      one[scale] = 1;
      float[] pattern = new float[ROWS * COLUMNS];
      scaled.addTo(pattern, one);
      double product = 0;
      for (int i = 0; i < pattern.length; i++) {
        product += (double) pattern[i] * weightGradient[i];
      }
      assertThat(gradient[scale]).isCloseTo(product, within(1e-4));
    }
  }

  @Test
  void tables_have_no_scales() {
    MemorySegment plane = MemorySegment.ofArray(new long[1]);
    assertThat(ScaledCode.of(new LookupPlanes(1, 4, List.of(plane), List.of(new float[2]))))
        .isEmpty();
    int[] order = new int[COLUMNS];
    Arrays.setAll(order, i -> i);
    assertThat(ScaledCode.of(grouped(order))).isEmpty();
  }
}
