package tributary.compression.anyprecision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.protocol.TributaryException;
import tributary.tensor.format.LookupPlanes;

final class AnyPrecisionEncoderTest {
  /** A rounding to fp16. */
  private static final double HALF = 0x1p-11;

  static LongStream seeds() {
    return LongStream.range(0, 12);
  }

  /** V7; the published bytes have the first weight in the most significant bit. */
  @Test
  void the_published_vector() {
    LookupPlanes coded = encode(RowCase.row(0, 1, 2, 3, 10, 11, 12, 13), 2, 1);
    assertThat(coded.tables().get(0)).containsExactly(1.5f, 11.5f);
    assertThat(coded.tables().get(1)).containsExactly(0.5f, 2.5f, 10.5f, 12.5f);
    for (int column = 0; column < 8; column++) {
      assertThat(coded.code(0, column)).isEqualTo(column / 2);
    }
    assertThat(publishedByte(coded.planes().get(0))).isEqualTo(0x0F);
    assertThat(publishedByte(coded.planes().get(1))).isEqualTo(0x33);
  }

  private static int publishedByte(MemorySegment plane) {
    return Integer.reverse(plane.get(ValueLayout.JAVA_BYTE, 0)) >>> 24;
  }

  /** A1, A2 and A3, and more: every entry is the mean of the values that its prefix stands for. */
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void every_table_holds_the_means_of_what_each_prefix_stands_for(long seed) {
    RowCase matrix = RowCase.random(seed, 3, 70 + (int) seed);
    int seedWidth = 1 + (int) (seed % 4);
    LookupPlanes coded = encode(matrix, 5, seedWidth);
    for (int width = 1; width <= 5; width++) {
      LookupPlanes coarse = coded.atWidth(width);
      for (int row = 0; row < matrix.rows(); row++) {
        for (int column = 0; column < matrix.columns(); column++) {
          int code = coded.code(row, column) >> (5 - width);
          assertThat(coarse.code(row, column)).isEqualTo(code);
          double mean = mean(matrix, coded, row, width, code);
          assertThat((double) coarse.value(row, column))
              .isCloseTo(mean, within(HALF * Math.abs(mean) + 1e-5));
        }
        assertAscending(coded, row, width);
      }
    }
  }

  private static void assertAscending(LookupPlanes coded, int row, int width) {
    float[] table = coded.tables().get(width - 1);
    for (int code = 1; code < 1 << width; code++) {
      assertThat(table[(row << width) + code])
          .isGreaterThanOrEqualTo(table[(row << width) + code - 1]);
    }
    for (int code = 0; width > 1 && code < 1 << width; code += 2) {
      float parent = coded.tables().get(width - 2)[(row << (width - 1)) + code / 2];
      if (members(coded, row, width, code) > 0 && members(coded, row, width, code + 1) > 0) {
        assertThat(parent)
            .isBetween(table[(row << width) + code], table[(row << width) + code + 1]);
      }
    }
  }

  private static int members(LookupPlanes coded, int row, int width, int code) {
    int members = 0;
    for (int column = 0; column < coded.columns(); column++) {
      members += coded.code(row, column) >> (coded.widths() - width) == code ? 1 : 0;
    }
    return members;
  }

  @ParameterizedTest
  @ValueSource(ints = {32, 1024, 1056, 4096, 11008})
  void codes_come_back_from_their_planes(int columns) {
    SplittableRandom random = new SplittableRandom(columns);
    float[] values = new float[3 * columns];
    for (int i = 0; i < values.length; i++) {
      // All eight in every row, so that the code of a value is its place among them.
      values[i] = i % columns < 8 ? i % columns : random.nextInt(8);
    }
    LookupPlanes coded = encode(new RowCase(3, columns, values, null), 3, 3);
    for (int width = 1; width <= 3; width++) {
      LookupPlanes prefix = coded.atWidth(width);
      int[] found = new int[values.length];
      int[] wanted = new int[values.length];
      for (int i = 0; i < values.length; i++) {
        found[i] = prefix.code(i / columns, i % columns);
        wanted[i] = (int) values[i] >> (3 - width);
      }
      assertThat(found).isEqualTo(wanted);
    }
    float[] row = new float[columns];
    coded.readRow(2, row);
    assertThat(row).isEqualTo(Arrays.copyOfRange(values, 2 * columns, 3 * columns));
  }

  /** A4, with means as they are before they are rounded. */
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void more_bits_are_never_worse(long seed) {
    RowCase matrix = RowCase.random(seed, 2, 90);
    LookupPlanes coded = encode(matrix, 8, 1 + (int) (seed % 3));
    double before = Double.POSITIVE_INFINITY;
    for (int width = 1; width <= 8; width++) {
      double error = error(matrix, coded, width);
      assertThat(error).isLessThanOrEqualTo(before * (1 + 1e-12));
      before = error;
    }
    assertThat(before).isLessThan(1e-2 * error(matrix, coded, 1) + 1e-12);
  }

  @Test
  void a_cluster_for_every_value_loses_nothing() {
    float[] values = {0, 0.5f, 0, -3, 2, 0.5f, -0f, 17};
    for (int seedWidth = 1; seedWidth <= 5; seedWidth++) {
      LookupPlanes coded = encode(RowCase.row(values), 5, seedWidth);
      for (int column = 0; column < values.length; column++) {
        assertThat(coded.value(0, column)).isEqualTo(values[column]);
      }
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void no_other_seed_is_better_at_the_seed_width(long seed) {
    RowCase matrix = RowCase.random(seed, 2, 120);
    for (int width = 1; width <= 4; width++) {
      double best = error(matrix, encode(matrix, 4, width), width);
      for (int other = 1; other <= 4; other++) {
        assertThat(best)
            .isLessThanOrEqualTo(error(matrix, encode(matrix, 4, other), width) * (1 + 1e-6));
      }
    }
  }

  @Test
  void zeros_count_as_values() {
    LookupPlanes coded = encode(RowCase.row(0, 0, 0, 0, 0, 0, 8, 9), 1, 1);
    assertThat(coded.tables().get(0)).containsExactly(0, 8.5f);
  }

  @Test
  void weights_draw_the_tables_to_what_matters() {
    float[] values = {0, 1, 10, 11};
    LookupPlanes plain = encode(new RowCase(1, 4, values, null), 1, 1);
    LookupPlanes weighted = encode(new RowCase(1, 4, values, new float[] {100, 1, 1, 3}), 1, 1);
    assertThat(plain.tables().get(0)).containsExactly(0.5f, 10.5f);
    assertThat(weighted.tables().get(0)[0]).isLessThan(0.02f);
    assertThat(weighted.tables().get(0)[1]).isEqualTo(10.75f);
  }

  @Test
  void a_row_without_weight_counts_its_values_alike_and_another_row_keeps_its_own() {
    float[] values = {0, 1, 10, 11, 0, 1, 10, 11};
    float[] sensitivity = {0, 0, 0, 0, 0, 5, 5, 0};
    LookupPlanes coded = encode(new RowCase(2, 4, values, sensitivity), 1, 1);
    assertThat(coded.tables().get(0)[0]).isEqualTo(0.5f);
    assertThat(coded.tables().get(0)[1]).isEqualTo(10.5f);
    assertThat(coded.tables().get(0)[2]).isCloseTo(1, within(1e-3f));
    assertThat(coded.tables().get(0)[3]).isCloseTo(10, within(1e-2f));
  }

  @Test
  void a_difference_of_nothing_decodes_to_nothing() {
    LookupPlanes coded = encode(new RowCase(2, 65, new float[130], null), 3, 2);
    for (float[] table : coded.tables()) {
      assertThat(table).containsOnly(0);
    }
  }

  /** A row's tables are fitted to its own values, which makes them a little better still. */
  @Test
  void a_gaussian_loses_what_the_best_scalar_quantizer_loses() {
    var random = new SplittableRandom(5);
    float[] values = new float[6 * 16384];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    RowCase matrix = new RowCase(6, 16384, values, null);
    double[] lloydMax = {0.3634, 0.1175, 0.03454, 0.009497};
    for (int width = 1; width <= 4; width++) {
      double error = error(matrix, encode(matrix, 4, width), width) / values.length;
      assertThat(error).isBetween(0.96 * lloydMax[width - 1], 1.02 * lloydMax[width - 1]);
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, 1e6f})
  void values_that_cannot_be_coded_are_refused(float bad) {
    assertThatThrownBy(() -> encode(RowCase.row(1, bad, 2), 1, 1))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining("test.weight");
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, -1, Float.POSITIVE_INFINITY})
  void sensitivities_that_are_none_are_refused(float bad) {
    RowCase row = new RowCase(1, 2, new float[] {1, 2}, new float[] {1, bad});
    assertThatThrownBy(() -> encode(row, 1, 1)).hasMessageContaining("test.weight");
    RowCase other = new RowCase(1, 2, new float[] {1, 2}, new float[] {1});
    assertThatThrownBy(() -> encode(other, 1, 1)).hasMessageContaining("wanted 1 x 2");
  }

  @Test
  void widths_out_of_range_are_refused() {
    assertThatThrownBy(() -> new AnyPrecisionEncoder(9, 1)).hasMessageContaining("bits is 9");
    assertThatThrownBy(() -> new AnyPrecisionEncoder(0, 1)).hasMessageContaining("bits is 0");
    assertThatThrownBy(() -> new AnyPrecisionEncoder(3, 4)).hasMessageContaining("seed_bits is 4");
  }

  private static LookupPlanes encode(RowCase matrix, int widths, int seedWidth) {
    return new AnyPrecisionEncoder(widths, seedWidth)
        .encode(matrix.problem(), matrix.sensitivity(), Arena.ofAuto());
  }

  /** Weighted mean of the values whose code begins with {@code prefix}. */
  private static double mean(RowCase matrix, LookupPlanes coded, int row, int width, int prefix) {
    double weight = 0;
    double sum = 0;
    for (int column = 0; column < matrix.columns(); column++) {
      if (coded.code(row, column) >> (coded.widths() - width) == prefix) {
        weight += matrix.weight(row, column);
        sum += matrix.weight(row, column) * matrix.value(row, column);
      }
    }
    return sum / weight;
  }

  private static double error(RowCase matrix, LookupPlanes coded, int width) {
    double error = 0;
    for (int row = 0; row < matrix.rows(); row++) {
      double[] means = new double[1 << width];
      for (int code = 0; code < means.length; code++) {
        means[code] = mean(matrix, coded, row, width, code);
      }
      for (int column = 0; column < matrix.columns(); column++) {
        double off =
            matrix.value(row, column) - means[coded.code(row, column) >> (coded.widths() - width)];
        error += matrix.weight(row, column) * off * off;
      }
    }
    return error;
  }
}
