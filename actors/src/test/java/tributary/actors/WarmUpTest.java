package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.Golden;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.protocol.Nanos;
import tributary.scheduling.SchedulerLimits;

class WarmUpTest {
  private static final Duration ONE_ROUND = Duration.ofNanos(1);
  private static final int[] PROMPT = {5, 9, 4, 200};

  /** Room for all sequences, for few, for one short one, and for none. */
  @ParameterizedTest
  @CsvSource({
    "16, 64, 256, 64, 512",
    "16, 3, 256, 64, 512",
    "16, 64, 2, 2, 512",
    "1, 4, 1, 1, 2",
    "1, 4, 8, 8, 4",
    "4, 1, 256, 1, 512"
  })
  void whatever_room_there_is_a_sequence_finds_nothing_of_it(
      int pageTokens, int pages, int tokensPerStep, int runningMax, int contextLength) {
    var limits =
        new SchedulerLimits(
            tokensPerStep, runningMax, 64, pages, pageTokens, contextLength, new Nanos(1));
    try (Backend backend = Backends.open(BackendChoice.CPU, 1);
        var base = BaseModel.load(Golden.directory("llama"), backend);
        var fresh = ForwardPass.create(base, pages, pageTokens);
        var warm = ForwardPass.create(base, pages, pageTokens)) {
      WarmUp.run(warm, limits, ONE_ROUND);
      WarmUp.run(warm, limits, Duration.ZERO);
      assertThat(logits(warm, pages, pageTokens)).isDeepEqualTo(logits(fresh, pages, pageTokens));
    }
  }

  private static float[][] logits(ForwardPass pass, int pages, int pageTokens) {
    int count = Math.min(PROMPT.length, pages * pageTokens);
    int[] table = IntStream.range(0, Math.ceilDiv(count, pageTokens)).toArray();
    var all = new ArrayList<float[]>();
    for (int position = 0; position < count; position++) {
      pass.run(
          new StepBatch(
              List.of(
                  new StepBatch.Slice(
                      ResidentDelta.none(),
                      new int[] {PROMPT[position]},
                      position,
                      table,
                      StepBatch.LogitRows.LAST))),
          (slice, row, logits) -> all.add(logits.clone()));
    }
    return all.toArray(float[][]::new);
  }
}
