package tributary.compression.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CurvatureTest {
  private static final double[] PAIRS = {2, 1, 0, 0, 1, 2, 0, 0, 0, 0, 2, 1, 0, 0, 1, 2};

  @Test
  void the_factor_of_two_pairs_of_alike_inputs_is_the_published_one() {
    Curvature curvature = Curvature.of(PAIRS, 4, 0);
    double a = 0.81649658;
    double b = -0.40824829;
    double c = 0.70710678;
    double[] wanted = {a, b, 0, 0, 0, c, 0, 0, 0, 0, a, b, 0, 0, 0, c};
    assertThat(curvature.factor()).containsExactly(wanted, within(1e-8));
    assertThat(curvature.damping()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 64, 100})
  void the_factor_makes_the_inverse(int columns) {
    Curvature curvature = Curvature.of(Problems.gram(columns, columns, 3 * columns), columns, 0.01);
    double[] u = curvature.factor();
    double[] h = curvature.hessian();
    for (int i = 0; i < columns; i++) {
      for (int j = 0; j < columns; j++) {
        double sum = 0;
        for (int k = 0; k < columns; k++) {
          // (U^T U)[i, l] H[l, j] summed over l, with U^T U taken row by row.
          double inner = 0;
          for (int l = k; l < columns; l++) {
            inner += u[k * columns + l] * h[l * columns + j];
          }
          sum += u[k * columns + i] * inner;
        }
        assertThat(sum).isCloseTo(i == j ? 1 : 0, within(1e-9));
        assertThat(i > j ? u[i * columns + j] : 0).isZero();
      }
    }
  }

  @Test
  void a_squared_diagonal_entry_is_that_of_the_inverse_without_the_columns_before() {
    double[] gram = Problems.gram(3, 5, 40);
    double[] u = Curvature.of(gram, 5, 0).factor();
    for (int from = 0; from < 5; from++) {
      int rest = 5 - from;
      double[] part = new double[rest * rest];
      for (int i = 0; i < part.length; i++) {
        part[i] = gram[(from + i / rest) * 5 + from + i % rest];
      }
      double[] v = Curvature.of(part, rest, 0).factor();
      assertThat(u[from * 5 + from]).isCloseTo(v[0], within(1e-9));
    }
  }

  @Test
  void damping_is_a_share_of_the_mean_diagonal_entry() {
    Curvature curvature = Curvature.of(PAIRS, 4, 0.5);
    assertThat(curvature.hessian()[0]).isEqualTo(3);
    assertThat(curvature.hessian()[1]).isEqualTo(1);
    assertThat(curvature.damping()).isEqualTo(0.5);
  }

  @Test
  void inputs_that_hardly_differ_get_more_damping_until_there_is_a_factor() {
    double[] ones = new double[64];
    Arrays.fill(ones, 1);
    Curvature curvature = Curvature.of(ones, 8, 0);
    assertThat(curvature.damping()).isGreaterThan(0).isLessThanOrEqualTo(1);
    assertThat(curvature.factor()).doesNotContain(Double.NaN);
  }

  @Test
  void an_input_that_never_came_is_dead_and_concerns_nobody() {
    double[] gram = PAIRS.clone();
    for (int i = 0; i < 4; i++) {
      gram[4 + i] = 0;
      gram[4 * i + 1] = 0;
    }
    Curvature curvature = Curvature.of(gram, 4, 0);
    assertThat(curvature.isDead(1)).isTrue();
    assertThat(curvature.isDead(0)).isFalse();
    assertThat(Arrays.copyOfRange(curvature.factor(), 4, 8))
        .containsExactly(new double[] {0, 1, 0, 0}, within(0.0));
  }

  @Test
  void another_order_of_columns_is_the_curvature_of_the_permuted_products() {
    double[] gram = Problems.gram(5, 6, 50);
    int[] order = {4, 0, 5, 2, 1, 3};
    double[] permuted = new double[36];
    for (int i = 0; i < 36; i++) {
      permuted[i] = gram[order[i / 6] * 6 + order[i % 6]];
    }
    assertThat(Curvature.of(gram, 6, 0.01).permuted(order).factor())
        .containsExactly(Curvature.of(permuted, 6, 0.01).factor(), within(1e-12));
  }

  @Test
  void statistics_of_no_inputs_are_refused() {
    assertThatThrownBy(() -> Curvature.of(new double[] {1, Double.NaN, Double.NaN, 1}, 2, 0.01))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Curvature.of(new double[] {Double.NaN, 0, 0, 1}, 2, 0.01))
        .hasMessageContaining("not finite");
    assertThatThrownBy(() -> Curvature.of(new double[] {1, 9, 9, 1}, 2, 0.01))
        .hasMessageContaining("not positive definite");
  }
}
