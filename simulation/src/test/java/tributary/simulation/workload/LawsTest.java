package tributary.simulation.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.simulation.workload.GeneratedTrace.Laws;

final class LawsTest {
  private static final int DRAWS = 40_000;

  @ParameterizedTest
  @CsvSource({"poisson:5, 1", "gamma:5:1, 1", "gamma:5:0.25, 4", "gamma:5:4, 0.25"})
  void gaps_have_the_mean_and_the_spread_of_their_law(String law, double variation) {
    var times = new ArrivalTimes(Arrivals.parse(law), 7);
    double before = 0;
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < DRAWS; i++) {
      double at = times.next();
      sum += at - before;
      squares += (at - before) * (at - before);
      before = at;
    }
    double mean = sum / DRAWS;
    assertThat(mean).isCloseTo(0.2, within(0.01));
    assertThat(squares / DRAWS / (mean * mean) - 1).isCloseTo(variation, within(0.1 * variation));
  }

  @Test
  void a_day_is_busy_in_one_half_and_quiet_in_the_other() {
    var times = new ArrivalTimes(new Arrivals.Diurnal(10, 0.8, 1000), 3);
    int[] halves = new int[2];
    for (double at = times.next(); at < 4000; at = times.next()) {
      halves[(int) (at % 1000) / 500]++;
    }
    // The mean of a sine over its upper half is 2 / pi.
    double expected = 0.8 * 2 / Math.PI;
    assertThat((double) halves[0] / (halves[0] + halves[1]))
        .isCloseTo((1 + expected) / 2, within(0.01));
  }

  @Test
  void bursts_are_as_long_and_as_loud_as_they_should_be() {
    var times = new ArrivalTimes(new Arrivals.Bursts(1, 100, 9, 1), 5);
    double end = 20_000;
    int count = 0;
    while (times.next() < end) {
      count++;
    }
    assertThat(count / end).isCloseTo((1 * 9 + 100 * 1) / 10.0, within(0.6));
  }

  @ParameterizedTest
  @CsvSource({
    "constant:512, 512",
    "uniform:1:99, 50",
    "geometric:200, 200",
    "geometric:1, 1",
    "lognormal:100:0.5, 113.3"
  })
  void lengths_have_the_mean_of_their_law(String law, double mean) {
    var lengths = new Lengths(LengthLaw.parse(law), 11, "test");
    double sum = 0;
    for (int i = 0; i < DRAWS; i++) {
      int length = lengths.next();
      assertThat(length).isPositive();
      sum += length;
    }
    assertThat(sum / DRAWS).isCloseTo(mean, within(0.02 * mean));
  }

  @Test
  void released_zipf_is_no_zipf() {
    double[] released = new Popularity.DeltaZipReleased(1.5).shares(33);
    double[] zipf = new Popularity.Zipf(1.5).shares(33);
    assertThat(Arrays.stream(released).max().orElseThrow()).isCloseTo(0.073, within(0.001));
    assertThat(zipf[0]).isCloseTo(0.44, within(0.005));
    assertThat(effective(released)).isCloseTo(24, within(1.0));
    assertThat(effective(zipf)).isCloseTo(8.7, within(0.3));
    assertThat(new Popularity.AzureFunctionsLike().shares(33)[0]).isBetween(0.35, 0.6);
  }

  /** The exponential of the entropy, as the research behind these figures counts models. */
  private static double effective(double[] shares) {
    return Math.exp(-Arrays.stream(shares).map(share -> share * Math.log(share)).sum());
  }

  @Test
  void tenants_are_drawn_by_their_shares_and_by_the_seed() {
    int[] counts = tenants(1, 4);
    double[] shares = new Popularity.Zipf(1).shares(4);
    for (int tenant = 0; tenant < 4; tenant++) {
      assertThat((double) counts[tenant] / DRAWS).isCloseTo(shares[tenant], within(0.01));
    }
    assertThat(tenants(1, 4)).isEqualTo(counts);
    assertThat(tenants(2, 4)).isNotEqualTo(counts);
  }

  private static int[] tenants(long seed, int tenants) {
    int[] counts = new int[tenants];
    var laws =
        new Laws(new Arrivals.Poisson(1), new LengthLaw.Constant(3), new LengthLaw.Constant(2));
    try (Traffic traffic =
        Traffic.drawn(new GeneratedTrace(laws, seed), tenants, new Popularity.Zipf(1), seed)) {
      for (int i = 0; i < DRAWS; i++) {
        counts[traffic.next().orElseThrow().tenant()]++;
      }
    }
    return counts;
  }

  @ParameterizedTest
  @ValueSource(strings = {"zipf", "zipf:x", "zipf:-1", "uniform:3", "pareto:1"})
  void a_law_that_makes_no_sense_is_told(String law) {
    assertThatThrownBy(() -> Popularity.parse(law)).hasMessageMatching("(usage|invalid_param).*");
  }

  @Test
  void a_wrong_law_names_those_that_are_known() {
    assertThatThrownBy(() -> Arrivals.parse("poison:1")).hasMessageContaining("poisson:RATE");
    assertThatThrownBy(() -> Arrivals.parse("poisson:0")).hasMessageContaining("above 0");
    assertThatThrownBy(() -> LengthLaw.parse("constant:1.5")).hasMessageContaining("whole");
    assertThat(List.of(LengthLaw.parse("uniform:2:3")))
        .containsExactly(new LengthLaw.Uniform(2, 3));
  }
}
