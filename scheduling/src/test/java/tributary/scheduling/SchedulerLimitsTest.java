package tributary.scheduling;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static tributary.scheduling.LimitsBuilder.limits;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;

class SchedulerLimitsTest {
  static Stream<Arguments> illegal() {
    return Stream.of(
        Arguments.of("running-max", limits().runningMax(0)),
        Arguments.of("tokens-per-step", limits().tokensPerStep(7).runningMax(8)),
        Arguments.of("waiting-max", limits().waitingMax(0)),
        Arguments.of("kv-memory", limits().kvPages(0)),
        Arguments.of("page-tokens", limits().pageTokens(0)),
        Arguments.of("context length", limits().contextLength(1)),
        Arguments.of("slow-reader-max", limits().slowReaderMax(Nanos.ZERO)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("illegal")
  void a_limit_below_its_least_value_is_refused_by_name(String name, LimitsBuilder limits) {
    assertThatThrownBy(limits::build)
        .isInstanceOf(TributaryException.class)
        .hasMessageStartingWith("config: ")
        .hasMessageContaining(name)
        .hasMessageContaining("at least");
  }
}
