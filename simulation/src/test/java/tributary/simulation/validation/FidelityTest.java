package tributary.simulation.validation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class FidelityTest {
  private static Fidelity of(double... errors) {
    List<Figure> figures =
        DoubleStream.of(errors)
            .mapToObj(error -> new Figure("w", "E2E mean, s", 2, 2 * (1 + error), 0.05))
            .toList();
    return Fidelity.of(figures).getFirst();
  }

  @Test
  void errors_of_either_sign_count() {
    Fidelity found = of(0.04, -0.06, 0.02, 0.0);

    assertThat(found.meanError()).isCloseTo(0.03, within(1e-12));
    assertThat(found.largestError()).isCloseTo(0.06, within(1e-12));
    assertThat(found.isClose()).isTrue();
  }

  @Test
  void errors_that_are_large_on_average_or_anywhere_are_not_close() {
    assertThat(of(0.06, -0.06, 0.05, 0.05).isClose()).isFalse();
    assertThat(of(0.0, 0.0, 0.0, -0.11).isClose()).isFalse();
    assertThat(of(0.0, Double.NaN).isClose()).isFalse();
  }

  @Test
  void figures_are_told_apart_by_name() {
    List<Figure> figures =
        List.of(
            new Figure("chat", "requests/s", 4, 4, 0.05),
            new Figure("chat", "TTFT p95, s", 1, 1.2, 0.15),
            new Figure("writing", "requests/s", 4, 4.4, 0.05),
            new Figure("writing", "TTFT p95, s", 1, 0.9, 0.15));

    assertThat(Fidelity.of(figures))
        .extracting(Fidelity::name, Fidelity::allowed)
        .containsExactly(tuple("requests/s", 0.05), tuple("TTFT p95, s", 0.15));
  }
}
