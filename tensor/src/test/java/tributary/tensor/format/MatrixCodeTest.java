package tributary.tensor.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;

/** What holds for codes of every kind. */
class MatrixCodeTest {
  private static final int[] COLUMNS = {4, 8, 12, 36, 64, 100, 128, 384};

  @ParameterizedTest
  @EnumSource
  void a_row_is_decoded_as_its_elements_are_bit_for_bit(RandomCodes.Kind kind) {
    for (int columns : COLUMNS) {
      RandomCodes codes = new RandomCodes(new SplittableRandom(columns));
      for (int round = 0; round < 6; round++) {
        MatrixCode code = codes.of(kind, 1 + round * 3, columns);
        for (int width = 1; width <= code.widths(); width++) {
          assertRowsAreElements(code.atWidth(width), kind + " columns=" + columns);
        }
      }
    }
  }

  private static void assertRowsAreElements(MatrixCode code, String what) {
    float[] found = new float[code.columns() + 3];
    for (int row = 0; row < code.rows(); row++) {
      Arrays.fill(found, Float.NaN);
      code.readRow(row, found);
      for (int column = 0; column < code.columns(); column++) {
        assertThat(Float.floatToRawIntBits(found[column]))
            .as("%s row %d column %d", what, row, column)
            .isEqualTo(Float.floatToRawIntBits(code.value(row, column)));
      }
      assertThat(found[code.columns()]).isNaN();
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_narrower_width_has_that_many_widths_and_others_are_refused(RandomCodes.Kind kind) {
    MatrixCode code = new RandomCodes(new SplittableRandom(3)).of(kind, 5, 12);
    for (int width = 1; width <= code.widths(); width++) {
      assertThat(code.atWidth(width).widths()).isEqualTo(width);
      assertThat(code.atWidth(width).size()).isLessThanOrEqualTo(code.size());
    }
    assertThatThrownBy(() -> code.atWidth(0)).hasMessageContaining("width 0");
    assertThatThrownBy(() -> code.atWidth(code.widths() + 1)).hasMessageContaining("widths 1 to");
  }

  @ParameterizedTest
  @ValueSource(ints = {32, 1024, 1056, 4096, 11008})
  void bits_of_planes_are_those_of_the_codes_that_were_put(int columns) {
    SplittableRandom random = new SplittableRandom(columns);
    int[] wanted = random.ints(3L * columns, 0, 8).toArray();
    List<MemorySegment> planes = new ArrayList<>();
    int words = SignPlanes.wordsPerRow(columns);
    for (int plane = 0; plane < 3; plane++) {
      long[] bits = new long[3 * words];
      for (int i = 0; i < wanted.length; i++) {
        long bit = (long) wanted[i] >>> (2 - plane) & 1;
        bits[i / columns * words + i % columns / 64] |= bit << (i % columns % 64);
      }
      planes.add(MemorySegment.ofArray(bits));
    }
    LookupPlanes code =
        new LookupPlanes(3, columns, planes, List.of(new float[6], new float[12], new float[24]));
    for (int width = 1; width <= 3; width++) {
      int[] found = new int[wanted.length];
      int[] prefixes = new int[wanted.length];
      for (int i = 0; i < wanted.length; i++) {
        found[i] = code.atWidth(width).code(i / columns, i % columns);
        prefixes[i] = wanted[i] >>> (3 - width);
      }
      assertThat(found).isEqualTo(prefixes);
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_width_holds_no_memory_of_later_planes(RandomCodes.Kind kind) {
    MatrixCode code = new RandomCodes(new SplittableRandom(5)).of(kind, 5, 12);
    List<MemorySegment> all = code.codeSegments().toList();
    for (int width = 1; width < code.widths(); width++) {
      assertThat(code.atWidth(width).codeSegments())
          .containsExactlyElementsOf(all.subList(0, width));
    }
  }

  @Test
  void four_outliers_in_a_thousand_weights_take_what_the_formula_says() {
    int rows = 2000;
    int columns = 64;
    int groups = columns / 16;
    int bytes = (int) GroupStatistics.Bilevel.codeBytes(rows, groups, 3);
    float[] grids = new float[2 * groups * (rows / 16)];
    GroupStatistics statistics =
        new GroupStatistics.Bilevel(
            rows,
            groups,
            3,
            16,
            MemorySegment.ofArray(new byte[bytes]),
            MemorySegment.ofArray(new byte[bytes]),
            grids,
            grids);
    int outliers = rows * columns * 4 / 1000;
    int[] offsets = new int[rows + 1];
    int[] outlierColumns = new int[outliers];
    for (int row = 0; row < rows; row++) {
      offsets[row + 1] = Math.min(row + 1, outliers);
    }
    MemorySegment codes = MemorySegment.ofArray(new byte[rows * columns * 3 / 8]);
    GroupedCodes code =
        new GroupedCodes(
            rows,
            columns,
            3,
            16,
            codes,
            statistics,
            null,
            new GroupedCodes.Outliers(offsets, outlierColumns, new float[outliers]));
    long offsetBytes = 4L * (rows + 1);
    assertThat(8.0 * (code.size().count() - offsetBytes) / (rows * columns)).isEqualTo(3.753);
  }

  @Test
  void codes_are_unpacked_as_they_were_put_whatever_is_behind_them() {
    SplittableRandom random = new SplittableRandom(1);
    for (int bits = 1; bits <= 8; bits++) {
      for (int count = 1; count < 40; count++) {
        for (int behind = 0; behind < 9; behind += 8) {
          MemorySegment memory =
              MemorySegment.ofArray(new byte[3 + (int) BitStream.bytes(count, bits) + behind]);
          byte[] codes = new byte[count];
          for (int i = 0; i < count; i++) {
            codes[i] = (byte) random.nextInt(1 << bits);
            BitStream.put(memory, 3, i, bits, codes[i] & 0xFF);
          }
          byte[] found = new byte[count];
          BitStream.unpack(memory, 3, bits, found);
          assertThat(found).isEqualTo(codes);
        }
      }
    }
  }

  @Test
  void a_narrow_width_has_scales_of_its_own() {
    MemorySegment plus = MemorySegment.ofArray(new long[] {1, 1});
    SignPlanes.Plane plane = new SignPlanes.Plane(plus, new float[] {1, 2});
    List<List<float[]>> narrow =
        List.of(List.of(new float[] {10}), List.of(new float[] {20, 30}, new float[] {5}));
    SignPlanes planes = new SignPlanes(2, 1, List.of(plane, plane, plane), narrow);
    assertThat(planes.value(1, 0)).isEqualTo(6);
    assertThat(planes.atWidth(2).value(1, 0)).isEqualTo(35);
    assertThat(planes.atWidth(1).value(1, 0)).isEqualTo(10);
    assertThat(planes.atWidth(2).atWidth(1).value(1, 0)).isEqualTo(10);
    assertThat(planes.size().count()).isEqualTo(3 * 16 + 2 * (6 + 1 + 3));
    assertThatThrownBy(() -> new SignPlanes(2, 1, List.of(plane, plane), narrow))
        .hasMessageContaining("2 narrower widths");
    assertThatThrownBy(
            () -> new SignPlanes(2, 1, List.of(plane, plane), List.of(List.of(new float[3]))))
        .hasMessageContaining("wanted 1 or 2");
  }

  @Test
  void patterns_that_do_not_keep_two_weights_are_refused() {
    SparseCodes codes = new RandomCodes(new SplittableRandom(1)).sparse(2, 8);
    codes.requirePatterns();
    codes.patterns().set(ValueLayout.JAVA_BYTE, 1, (byte) 0x49);
    codes.requirePatterns();
    codes.patterns().set(ValueLayout.JAVA_BYTE, 1, (byte) 0x54);
    assertThatThrownBy(codes::requirePatterns).hasMessageContaining("row 1 quadruple 1 is 5");
  }

  @Test
  void a_matrix_of_the_fine_tune_is_factors_times_base_plus_code_and_its_own_rows() {
    RandomCodes codes = new RandomCodes(new SplittableRandom(7));
    MatrixCode code = codes.of(RandomCodes.Kind.VECTOR, 2, 3);
    TensorView base = TensorView.of(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
    TensorView added = TensorView.of(Shape.of(1, 3), 7, 8, 9);
    DeltaTensor tensor = new DeltaTensor.Coded(code, new float[] {2, 0.5f}, added);
    try (Arena arena = Arena.ofConfined()) {
      float[] dense = TunedMatrix.of(base, tensor).toDense(arena).toFloats();
      for (int i = 0; i < 6; i++) {
        float factor = i < 3 ? 2 : 0.5f;
        assertThat(dense[i]).isEqualTo(factor * base.getFloat(i) + code.value(i / 3, i % 3));
      }
      assertThat(Arrays.copyOfRange(dense, 6, 9)).containsExactly(7, 8, 9);
      TensorView vector = TensorView.of(Shape.of(2), 3, 4);
      assertThat(TunedMatrix.of(null, new DeltaTensor.Replaced(vector)).toDense(arena).shape())
          .isEqualTo(Shape.of(2));
    }
    assertThatThrownBy(() -> TunedMatrix.of(null, tensor)).hasMessageContaining("found none");
    assertThatThrownBy(() -> TunedMatrix.of(added, tensor)).hasMessageContaining("[2, 3]");
    assertThatThrownBy(() -> new DeltaTensor.Coded(code, new float[3], null))
        .hasMessageContaining("each of 2 rows");
  }
}
