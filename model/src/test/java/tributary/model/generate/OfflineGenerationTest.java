package tributary.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.BaseModel;
import tributary.model.Golden;
import tributary.model.ResidentDelta;
import tributary.model.generate.OfflineGeneration.Prompt;
import tributary.model.sampling.Sampler;
import tributary.protocol.FinishReason;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.Tokens;
import tributary.protocol.Usage;

class OfflineGenerationTest {
  private final Backend backend = Backends.open(BackendChoice.VECTOR, 1);
  private BaseModel model;

  /** Takes down everything that a generation tells. */
  private static final class Transcript implements OfflineGeneration.Listener {
    final Map<Integer, List<Integer>> tokens = new TreeMap<>();
    final Map<Integer, FinishReason> reasons = new TreeMap<>();
    final Map<Integer, Usage> usages = new TreeMap<>();
    private final int tokensMax;

    Transcript(int tokensMax) {
      this.tokensMax = tokensMax;
    }

    @Override
    public boolean drawn(int sequence, Sampler.Drawn drawn) {
      assertThat(reasons).doesNotContainKey(sequence);
      List<Integer> sofar = tokens.computeIfAbsent(sequence, _ -> new ArrayList<>());
      sofar.add(drawn.token());
      return sofar.size() < tokensMax;
    }

    @Override
    public void finished(int sequence, FinishReason reason, Usage usage) {
      reasons.put(sequence, reason);
      usages.put(sequence, usage);
    }
  }

  @BeforeEach
  void load() {
    model = BaseModel.load(Golden.directory("llama"), backend);
  }

  @AfterEach
  void close() {
    model.close();
    backend.close();
  }

  private static Prompt prompt(int length, int maxTokens, int... stopTokens) {
    int[] tokens = IntStream.range(0, length).map(i -> (7 * i + length) % 320).toArray();
    Set<Integer> stops = new java.util.HashSet<>(IntStream.of(stopTokens).boxed().toList());
    return new Prompt(
        ResidentDelta.none(),
        Tokens.of(tokens),
        Sampling.GREEDY,
        new StopRule(maxTokens, 0, stops));
  }

  private Transcript run(Prompt... prompts) {
    Transcript transcript = new Transcript(Integer.MAX_VALUE);
    OfflineGeneration.run(model, List.of(prompts), transcript);
    return transcript;
  }

  @Test
  void sequences_generated_together_are_those_generated_alone() {
    // Together these prompts are longer than a step, so that some wait while others go on.
    Prompt[] prompts = {prompt(200, 20), prompt(3, 9), prompt(150, 30), prompt(1, 1)};
    Transcript together = run(prompts);

    for (int i = 0; i < prompts.length; i++) {
      assertThat(together.tokens.get(i)).isEqualTo(run(prompts[i]).tokens.get(0));
      assertThat(together.reasons.get(i)).isEqualTo(FinishReason.LENGTH);
      assertThat(together.usages.get(i))
          .isEqualTo(new Usage(prompts[i].tokens().count(), prompts[i].stop().maxTokens()));
    }
  }

  @Test
  void a_stop_token_ends_its_sequence_and_is_reported() {
    List<Integer> free = run(prompt(5, 12)).tokens.getOrDefault(0, List.of());
    int stop = free.get(4);
    Transcript stopped = run(prompt(5, 12, stop));

    assertThat(stopped.tokens.get(0)).isEqualTo(free.subList(0, free.indexOf(stop) + 1));
    assertThat(stopped.reasons.get(0)).isEqualTo(FinishReason.STOP);
  }

  @Test
  void the_listener_can_end_a_sequence() {
    Transcript transcript = new Transcript(3);
    OfflineGeneration.run(model, List.of(prompt(5, 12), prompt(2, 2)), transcript);

    assertThat(transcript.tokens.get(0)).hasSize(3);
    assertThat(transcript.reasons).isEqualTo(Map.of(0, FinishReason.STOP, 1, FinishReason.LENGTH));
  }

  @Test
  void the_context_bounds_a_sequence() {
    Transcript transcript = run(prompt(250, 1000));
    assertThat(transcript.tokens.get(0)).hasSize(6);
    assertThat(transcript.reasons.get(0)).isEqualTo(FinishReason.LENGTH);

    assertThatThrownBy(() -> run(prompt(256, 1))).hasMessageContaining("context of 256");
    assertThatThrownBy(() -> run(prompt(0, 1))).hasMessageContaining("no tokens");
    OfflineGeneration.run(model, List.of(), transcript);
  }
}
