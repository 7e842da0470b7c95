package tributary.cli.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** The arithmetic of a load run, on answers whose times are known. */
class LoadFiguresTest {
  private static final LoadObjective ANY =
      new LoadObjective(OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());

  private static Answer.Finished answer(int tenant, double sent, Double... chunks) {
    return new Answer.Finished(
        tenant, sent, chunks[chunks.length - 1] + 0.5, List.of(chunks), 10, chunks.length);
  }

  private static LoadFigures figures(LoadObjective objective, Answer... answers) {
    return LoadFigures.of(List.of(answers), List.of("a", "b"), objective);
  }

  @Test
  void times_count_from_the_sending_to_chunks_with_choices() {
    var found = figures(ANY, answer(0, 1, 1.2, 1.5, 1.6));

    assertThat(found.ttft().mean()).isCloseTo(200, within(1e-6));
    assertThat(found.e2el().mean()).isCloseTo(600, within(1e-6));
    assertThat(found.tpot().mean()).isCloseTo(200, within(1e-6));
    assertThat(found.itl().count()).isEqualTo(2);
    assertThat(found.itl().mean()).isCloseTo(200, within(1e-6));
  }

  @Test
  void one_token_has_no_time_per_further_token_but_is_quick_enough_for_any() {
    var strict =
        new LoadObjective(OptionalDouble.empty(), OptionalDouble.of(1), OptionalDouble.empty());
    var found = figures(strict, answer(0, 0, 0.5));

    assertThat(found.tpot().count()).isZero();
    assertThat(found.goodput()).isEqualTo(1 / found.seconds());
  }

  @Test
  void good_requests_keep_every_limit() {
    var objective =
        new LoadObjective(OptionalDouble.of(300), OptionalDouble.of(100), OptionalDouble.of(1000));
    var good = answer(0, 0, 0.3, 0.375);
    var lateFirst = answer(0, 0, 0.31, 0.32);
    var slow = answer(0, 0, 0.1, 0.25);
    var late = new Answer.Finished(0, 0, 1.2, List.of(0.1, 1.1), 10, 100);

    var found = figures(objective, good, lateFirst, slow, late);

    assertThat(found.goodput() * found.seconds()).isCloseTo(1, within(1e-9));
  }

  @Test
  void rates_count_what_was_answered_and_errors_are_counted_by_kind() {
    var found =
        figures(
            ANY,
            answer(0, 0, 0.5, 1.5),
            new Answer.Failed(1, 0.2, 0.3, "status 429 queue_full"),
            new Answer.Failed(1, 0.2, 4, "timeout"),
            new Answer.Failed(0, 0.2, 0.4, "status 429 queue_full"));

    assertThat(found.completed()).isEqualTo(1);
    assertThat(found.failed()).isEqualTo(3);
    assertThat(found.errors()).isEqualTo(Map.of("status 429 queue_full", 2, "timeout", 1));
    assertThat(found.seconds()).isEqualTo(4);
    assertThat(found.requestsPerSecond()).isEqualTo(0.25);
    assertThat(found.outputTokensPerSecond()).isEqualTo(0.5);
    assertThat(found.totalTokensPerSecond()).isEqualTo(3);
    assertThat(found.tenants()).extracting(LoadFigures.OfTenant::failed).containsExactly(1, 2);
  }

  @Test
  void peaks_are_of_seconds_and_of_requests_side_by_side() {
    var found =
        figures(
            ANY, answer(0, 0, 0.1, 0.2, 1.0), answer(1, 1.5, 1.9, 2.0), answer(1, 1.6, 1.7, 1.8));

    assertThat(found.peakOutputTokens()).isEqualTo(4);
    assertThat(found.peakConcurrency()).isEqualTo(2);
  }

  @Test
  void percentiles_lie_between_neighbours_as_those_of_numpy() {
    // numpy.percentile([1, 2, 3, 4], [50, 90, 99]) and numpy.std([1, 2, 3, 4])
    var spread = Spread.ofSeconds(List.of(0.004, 0.001, 0.003, 0.002));

    assertThat(spread.median()).isCloseTo(2.5, within(1e-9));
    assertThat(spread.p90()).isCloseTo(3.7, within(1e-9));
    assertThat(spread.p99()).isCloseTo(3.97, within(1e-9));
    assertThat(spread.std()).isCloseTo(1.118033988749895, within(1e-9));
    assertThat(Spread.ofSeconds(List.of()).mean()).isZero();
  }
}
