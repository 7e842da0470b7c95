package tributary.cli.soak;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.cli.soak.SoakTenant.Verdict;
import tributary.protocol.DeltaId;
import tributary.protocol.Precision;
import tributary.protocol.TokenLogprob;

class SoakTest {
  @TempDir private Path scratch;

  @Test
  void tenants_that_push_each_other_out_answer_as_they_do_alone() throws Exception {
    var settings = new SoakSettings(24, 12, 4, 0.5, 16, 60, 2_500, 3);
    SoakReport report = Soak.run(settings, scratch);
    assertThat(report.isSound()).as("%s", report).isTrue();
    assertThat(report.greatestDistance()).isZero();
    assertThat(report.events().evictions()).isGreaterThan(50);
    assertThat(report.events().warmLoads()).isPositive().isLessThan(report.events().loads());
    assertThat(report.events().pageReuses()).isPositive();
    assertThat(report.events().prefixHits()).isPositive();
    assertThat(report.events().upgrades()).isPositive();
    assertThat(report.coldStart().count()).isPositive();
    assertThat(report.budgets().hotBytesMost()).isLessThanOrEqualTo(report.budgets().hotBytes());
    try (Stream<Path> left = Files.list(scratch)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void other_tokens_other_logits_and_a_mix_of_two_versions_are_told_apart() {
    SoakTenant tenant = tenant(1, 1);
    tenant.answers().add(variation(1, answer(-1, 4, 5, 6)));
    tenant.answers().add(variation(1, answer(-1, 7, 8, 9)));
    assertThat(verdict(tenant, answer(-1, 7, 8, 9), null)).isEqualTo(Verdict.SAME);
    assertThat(verdict(tenant, answer(-1, 4, 5), null)).isEqualTo(Verdict.SAME);
    assertThat(verdict(tenant, answer(-2, 4, 5, 6), null)).isEqualTo(Verdict.OTHER_LOGITS);
    assertThat(verdict(tenant, answer(-1, 4, 8, 9), null)).isEqualTo(Verdict.OTHER_TOKENS);
    assertThat(verdict(tenant, answer(-1, 4, 5, 6, 7), null)).isEqualTo(Verdict.OTHER_TOKENS);
  }

  @Test
  void an_answer_is_compared_with_that_of_its_width() {
    SoakTenant tenant = tenant(2, 1);
    tenant.answers().add(variation(1, answer(-1, 4, 5)));
    tenant.answers().add(variation(2, answer(-1, 6, 7)));
    assertThat(verdict(tenant, answer(-1, 6, 7), new Precision(2, 2, 2))).isEqualTo(Verdict.SAME);
    assertThat(verdict(tenant, answer(-1, 6, 7), new Precision(1, 1, 2)))
        .isEqualTo(Verdict.OTHER_TOKENS);
    assertThat(verdict(tenant, answer(-1, 6, 7), new Precision(1, 2, 2)))
        .isEqualTo(Verdict.MIXED_WIDTHS);
    assertThat(verdict(tenant, answer(-1, 6), null)).isEqualTo(Verdict.MIXED_WIDTHS);
  }

  @Test
  void a_trend_is_that_of_the_later_samples() {
    var samples = new ArrayList<ProcessMemory>();
    for (int i = 0; i < 100; i++) {
      samples.add(new ProcessMemory(i, i < 25 ? 0 : 1_000 + i, 0, 7, 0));
    }
    assertThat(Trend.of(samples, ProcessMemory::heapBytes).perHour()).isBetween(3599.9, 3600.1);
    assertThat(Trend.of(samples, ProcessMemory::mappedBytes)).isEqualTo(new Trend(7, 0, 0));
  }

  private static Verdict verdict(SoakTenant tenant, Answer answer, @Nullable Precision precision) {
    return tenant.compare(0, answer, precision).verdict();
  }

  private static SoakTenant tenant(int planes, int floor) {
    Path file = Path.of("first.delta");
    return new SoakTenant(new DeltaId("t"), planes, floor, file, null, new ArrayList<>());
  }

  private static SoakTenant.Variation variation(int width, Answer answer) {
    return new SoakTenant.Variation(width, List.of(answer));
  }

  private static Answer answer(float logprob, int... tokens) {
    var draws = new ArrayList<Answer.Draw>();
    for (int token : tokens) {
      draws.add(new Answer.Draw(token, List.of(new TokenLogprob(token, logprob))));
    }
    return new Answer(draws);
  }
}
