package tributary.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.gpu.Gemm.Extent;
import tributary.gpu.scalar.ScalarBackend;

/** The vector backend's dense products against their definition. */
final class GemmAgreementTest {
  private static final int[] SIZES = {1, 2, 5, 6, 7, 15, 16, 17, 31, 32, 33, 63, 65, 96, 97, 127};

  /** Values after the result that must stay. */
  private static final int FENCE = 3;

  private enum Form {
    TRANSPOSED,
    PLAIN,
    GRAM;

    void add(Gemm gemm, float[] out, float[] a, float[] b, Extent extent) {
      switch (this) {
        case TRANSPOSED -> gemm.addTransposed(out, a, b, extent);
        case PLAIN -> gemm.add(out, a, b, extent);
        case GRAM -> gemm.addGram(out, a, b, extent);
      }
    }
  }

  private final Backend scalar = ScalarBackend.create("for a test");

  @ParameterizedTest(name = "{0} bits")
  @ValueSource(ints = {128, 256, 512})
  void every_form_agrees_at_sizes_around_the_tiles(int bits) {
    try (Backend vector = VectorBackends.open(bits, 2)) {
      var operands = new Operands(bits);
      for (int m : SIZES) {
        for (int i = 0; i < 5; i++) {
          int n = SIZES[operands.random().nextInt(SIZES.length)];
          int k = SIZES[operands.random().nextInt(SIZES.length)];
          agree(vector, operands, new Extent(m, n, k));
        }
      }
    }
  }

  @Test
  void every_form_agrees_past_the_blocks() {
    try (Backend vector = VectorBackends.open(256, 3)) {
      var operands = new Operands(1);
      agree(vector, operands, new Extent(7, 5, 600));
      agree(vector, operands, new Extent(2051, 3, 257));
      agree(vector, operands, new Extent(3, 2051, 256));
      agree(vector, operands, new Extent(130, 70, 513));
    }
  }

  @Test
  void the_upper_half_of_a_gram_matrix_is_that_of_the_whole() {
    try (Backend vector = VectorBackends.open(256, 2)) {
      for (int columns : new int[] {1, 15, 17, 100, 2100}) {
        var operands = new Operands(columns);
        int rows = 5;
        float[] a = operands.values(rows * columns);
        float[] upper = new float[columns * columns];
        float[] whole = new float[columns * columns];
        vector.gemm().addUpperGram(upper, a, columns, rows);
        vector.gemm().addGram(whole, a, a, new Extent(columns, columns, rows));
        for (int i = 0; i < columns; i++) {
          int first = i * columns + i;
          int end = (i + 1) * columns;
          assertThat(Arrays.equals(upper, first, end, whole, first, end)).isTrue();
        }
      }
    }
  }

  @Test
  void threads_change_no_bit() {
    var extent = new Extent(211, 97, 301);
    for (Form form : Form.values()) {
      float[] wanted = product(VectorBackends.open(256, 1), form, extent);
      for (int threads : new int[] {2, 5}) {
        assertThat(product(VectorBackends.open(256, threads), form, extent)).isEqualTo(wanted);
      }
    }
  }

  @Test
  void what_is_not_finite_stays_in_its_own_row() {
    var extent = new Extent(7, 33, 40);
    var operands = new Operands(3);
    float[] a = operands.values(7 * 40);
    float[] b = operands.values(33 * 40);
    try (Backend vector = VectorBackends.open(512, 1)) {
      float[] wanted = new float[7 * 33];
      vector.gemm().addTransposed(wanted, a, b, extent);
      a[6 * 40 + 1] = Float.NaN;
      float[] found = new float[7 * 33];
      vector.gemm().addTransposed(found, a, b, extent);
      assertThat(Arrays.copyOf(found, 6 * 33)).isEqualTo(Arrays.copyOf(wanted, 6 * 33));
      assertThat(Arrays.copyOfRange(found, 6 * 33, 7 * 33)).containsOnly(Float.NaN);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SCALAR", "VECTOR"})
  void arrays_that_are_too_short_or_shared_are_named(BackendChoice choice) {
    try (Backend backend = Backends.open(choice, 1)) {
      var extent = new Extent(2, 3, 4);
      assertThatThrownBy(
              () -> backend.gemm().add(new float[5], new float[8], new float[12], extent))
          .hasMessage("matrix product: out elements, at least: found 5, wanted 6");
      assertThatThrownBy(
              () -> backend.gemm().add(new float[6], new float[7], new float[12], extent))
          .hasMessage("matrix product: a elements, at least: found 7, wanted 8");
      assertThatThrownBy(
              () -> backend.gemm().add(new float[6], new float[8], new float[11], extent))
          .hasMessage("matrix product: b elements, at least: found 11, wanted 12");
      float[] shared = new float[12];
      assertThatThrownBy(() -> backend.gemm().addGram(shared, new float[8], shared, extent))
          .hasMessageContaining("also an operand");
      assertThatThrownBy(() -> new Extent(1, -1, 1)).hasMessageContaining("n=-1");
    }
  }

  @Test
  void an_empty_sum_adds_nothing() {
    try (Backend vector = VectorBackends.open(256, 2)) {
      float[] out = {1, 2, 3, 4, 5, 6};
      vector.gemm().addTransposed(out, new float[0], new float[0], new Extent(2, 3, 0));
      assertThat(out).containsExactly(1, 2, 3, 4, 5, 6);
    }
  }

  private static float[] product(Backend backend, Form form, Extent extent) {
    try (backend) {
      var operands = new Operands(7);
      float[] out = operands.values(extent.m() * extent.n());
      float[] a = operands.values(extent.m() * extent.k());
      form.add(backend.gemm(), out, a, operands.values(extent.n() * extent.k()), extent);
      return out;
    }
  }

  private void agree(Backend vector, Operands operands, Extent extent) {
    float[] a = operands.values(extent.m() * extent.k());
    float[] b = operands.values(extent.n() * extent.k());
    float[] before = operands.values(extent.m() * extent.n() + FENCE);
    for (Form form : Form.values()) {
      float[] found = before.clone();
      float[] wanted = before.clone();
      form.add(vector.gemm(), found, a, b, extent);
      form.add(scalar.gemm(), wanted, a, b, extent);
      double allowed = Tolerance.LINEAR.share * 2 * Math.max(extent.k(), 8);
      for (int i = 0; i < found.length; i++) {
        assertThat(Math.abs((double) found[i] - wanted[i]))
            .withFailMessage(
                "%s %s: element %d is %s, the definition says %s; allowed is %s",
                form, extent, i, found[i], wanted[i], allowed)
            .isLessThanOrEqualTo(i < extent.m() * extent.n() ? allowed : 0);
      }
    }
  }
}
