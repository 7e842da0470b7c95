package tributary.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static tributary.scheduling.LimitsBuilder.limits;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import tributary.protocol.Nanos;

/** The plans of one fixed trace. {@code -Dgolden.rewrite=true} writes the file anew, for review. */
class PlanGoldenTest {
  private static final String NAME = "plans.txt";

  @Test
  void a_fixed_trace_gives_the_plans_on_record() throws Exception {
    String plans = plans();
    if (Boolean.getBoolean("golden.rewrite")) {
      Files.writeString(Path.of("src/test/resources/tributary/scheduling", NAME), plans);
      return; // The file on the class path is still the old one.
    }
    assertThat(plans).isEqualTo(onRecord());
  }

  private static String plans() throws InterruptedException {
    SchedulerLimits limits =
        limits()
            .tokensPerStep(12)
            .runningMax(6)
            .kvPages(20)
            .slowReaderMax(new Nanos(50 * Replay.TICK.count()))
            .build();
    Workload workload =
        Workload.random(new SplittableRandom(2)).requests(16).slowReaders().cancelled(0.1);
    var plans = new StringBuilder();
    new Replay(new Scheduler(limits), new HashingExecutor(limits), workload.arrivals())
        .run(1_000, plan -> plans.append(PlanText.of(plan)).append('\n'));
    return plans.toString();
  }

  private static String onRecord() throws IOException {
    try (InputStream file = PlanGoldenTest.class.getResourceAsStream(NAME)) {
      assertThat(file).as("golden file %s", NAME).isNotNull();
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
