package tributary.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ActivationTest {
  /** Values to six places from tables of the normal distribution, and of the tanh form. */
  @ParameterizedTest(name = "{0}({1}) = {2}")
  @CsvSource({
    "GELU,1,0.841345", "GELU,-1,-0.158655", "GELU,2.5,2.484476", "GELU,-3,-0.004050",
    "GELU,9,9", "GELU,-9,0", "GELU_TANH,1,0.841192", "GELU_TANH,-1,-0.158808",
    "SILU,1,0.731059", "SILU,-2,-0.238406", "RELU,3,3", "RELU,-3,0"
  })
  void values_are_those_of_tables(Activation kind, double x, double wanted) {
    assertThat(kind.of(x)).isCloseTo(wanted, within(1e-6));
  }

  @ParameterizedTest
  @EnumSource
  void slopes_are_what_the_values_do(Activation kind) {
    for (double x : new double[] {-7, -2.3, -0.6, 0.2, 1.1, 3.4, 8}) {
      double step = 1e-5;
      double found = (kind.of(x + step) - kind.of(x - step)) / (2 * step);
      assertThat(kind.slope(x)).isCloseTo(found, within(1e-8));
    }
  }

  @Test
  void nothing_comes_of_nothing() {
    for (Activation kind : Activation.values()) {
      assertThat(kind.of(0)).isZero();
    }
  }
}
