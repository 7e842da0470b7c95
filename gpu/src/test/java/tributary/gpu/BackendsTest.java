package tributary.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

final class BackendsTest {
  @Test
  void the_fastest_that_works_here_is_taken_and_the_rest_has_a_reason() {
    try (Backend backend = Backends.open(BackendChoice.AUTO, 2)) {
      if (backend.name().equals("cuda")) {
        assertThat(backend.description()).contains("compute capability");
      } else {
        assertThat(backend.name()).isEqualTo("vector");
        assertThat(backend.description()).contains("2 threads", "cuda is off: ");
      }
    }
  }

  @Test
  void a_backend_that_is_asked_for_is_the_one_that_opens() {
    try (Backend scalar = Backends.open(BackendChoice.SCALAR, 1);
        Backend vector = Backends.open(BackendChoice.VECTOR, 1)) {
      assertThat(scalar.name()).isEqualTo("scalar");
      assertThat(vector.name()).isEqualTo("vector");
    }
  }

  @Test
  void no_threads_are_too_few() {
    assertThatThrownBy(() -> Backends.open(BackendChoice.AUTO, 0))
        .isInstanceOfSatisfying(
            TributaryException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG))
        .hasMessageContaining("0");
  }
}
