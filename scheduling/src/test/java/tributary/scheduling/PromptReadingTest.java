package tributary.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static tributary.scheduling.LimitsBuilder.limits;
import static tributary.scheduling.RequestBuilder.request;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tributary.protocol.DeltaId;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.PromptNews;
import tributary.protocol.PromptReading;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;
import tributary.protocol.TokenLogprob;
import tributary.protocol.Tokens;
import tributary.protocol.Usage;

/** Sequences of which somebody wants to know the prompt. */
class PromptReadingTest {
  private static final Nanos NOW = Nanos.ofMillis(1);

  private static GenerationRequest scored(String id, int prompt, int maxTokens) {
    var plain = request(id).prompt(prompt).maxTokens(maxTokens).build();
    return new GenerationRequest(
        plain.id(),
        plain.model(),
        plain.prompt(),
        plain.sampling(),
        plain.stop(),
        plain.form(),
        new PromptReading.Scores(0));
  }

  private static GenerationRequest state(String id, int prompt) {
    var tokens = Tokens.of(IntStream.range(0, prompt).toArray());
    return GenerationRequest.stateOf(new RequestId(id), new DeltaId("tenant"), tokens);
  }

  private static SchedulerRules keepingPrefixes() {
    return new SchedulerRules(
        SchedulerRules.FIRST_COME.policy(), 99, null, SchedulerRules.Prefixes.KEPT);
  }

  /** As an executor does it: of each slice's rows, and a token where one is due. */
  private static StepResult result(StepPlan plan) {
    var read = new ArrayList<StepResult.Read>();
    var drawn = new ArrayList<StepResult.Drawn>();
    for (StepPlan.Slice slice : plan.slices()) {
      var request = slice.request();
      int end = Math.min(slice.firstPosition() + slice.count() + 1, request.prompt().count());
      var scores =
          IntStream.range(slice.firstPosition() + 1, end)
              .mapToObj(i -> new PromptNews.Score(new TokenLogprob(i, -i), 1, List.of()))
              .toList();
      if (request.reading().wantsScores() && !scores.isEmpty()) {
        read.add(
            new StepResult.Read(
                request.id(), new PromptNews.Scores(slice.firstPosition() + 1, scores)));
      }
      if (slice.draws() && request.reading().wantsState()) {
        read.add(new StepResult.Read(request.id(), new PromptNews.State(new float[] {7})));
      } else if (slice.draws()) {
        drawn.add(new StepResult.Drawn(request.id(), 5, null, List.of()));
      }
    }
    return new StepResult(plan.number(), read, drawn, List.of());
  }

  private static List<TokenEvent> run(Scheduler scheduler, int stepsMax) {
    var events = new ArrayList<TokenEvent>();
    for (int i = 0; i < stepsMax && scheduler.hasWork(); i++) {
      StepPlan plan = scheduler.plan(NOW);
      events.addAll(scheduler.completed(result(plan), NOW));
    }
    return events;
  }

  private static List<Integer> positions(List<TokenEvent> events, String id) {
    var positions = new ArrayList<Integer>();
    for (TokenEvent event : events) {
      if (event instanceof TokenEvent.PromptRead(var request, PromptNews.Scores scores)
          && request.value().equals(id)) {
        assertThat(scores.tokens()).hasSizeLessThanOrEqualTo(PromptNews.Scores.COUNT_MAX);
        for (int i = 0; i < scores.tokens().size(); i++) {
          assertThat(scores.tokens().get(i).token().token()).isEqualTo(scores.first() + i);
          positions.add(scores.first() + i);
        }
      }
    }
    return positions;
  }

  private static List<Integer> from1To(int end) {
    return IntStream.range(1, end).boxed().toList();
  }

  @Test
  void a_state_comes_once_all_of_the_prompt_is_computed_and_nothing_follows_it() {
    var scheduler = new Scheduler(limits().tokensPerStep(4).build());
    scheduler.arrived(state("a", 10), 1, NOW);
    assertThat(run(scheduler, 2)).isEmpty();
    assertThat(run(scheduler, 9))
        .containsExactly(
            new TokenEvent.PromptRead(new RequestId("a"), new PromptNews.State(new float[] {7})),
            new TokenEvent.Finished(new RequestId("a"), FinishReason.STOP, new Usage(10, 0)));
    assertThat(scheduler.load()).isEqualTo(new Scheduler.Load(0, 0, 0, 0, 0));
  }

  @Test
  void scores_come_in_chunks_before_the_first_token() {
    var scheduler = new Scheduler(limits().tokensPerStep(300).build());
    scheduler.arrived(scored("a", 700, 2), 9, NOW);
    List<TokenEvent> events = run(scheduler, 99);
    assertThat(positions(events, "a")).isEqualTo(from1To(700));
    var kinds = events.stream().map(event -> event.getClass().getSimpleName()).toList();
    assertThat(kinds.lastIndexOf("PromptRead")).isLessThan(kinds.indexOf("Token"));
    assertThat(kinds).endsWith("Token", "Token", "Finished");
  }

  @Test
  void a_sequence_that_is_computed_twice_tells_its_prompt_once() {
    var scheduler = new Scheduler(limits().tokensPerStep(8).kvPages(5).pageTokens(4).build());
    scheduler.arrived(scored("a", 6, 12), 99, NOW);
    scheduler.arrived(scored("b", 6, 12), 99, NOW);
    List<TokenEvent> events = run(scheduler, 999);
    assertThat(scheduler.load().preemptions()).isPositive();
    assertThat(positions(events, "a")).isEqualTo(from1To(6));
    assertThat(positions(events, "b")).isEqualTo(from1To(6));
    assertThat(events).filteredOn(event -> event instanceof TokenEvent.Finished).hasSize(2);
  }

  @Test
  void what_others_computed_does_not_serve_for_scores_but_for_states() {
    var scheduler = new Scheduler(limits().pageTokens(4).build(), keepingPrefixes());
    scheduler.arrived(scored("first", 20, 1), 9, NOW);
    run(scheduler, 99);
    scheduler.arrived(scored("again", 20, 1), 9, NOW);
    assertThat(positions(run(scheduler, 99), "again")).isEqualTo(from1To(20));
    assertThat(scheduler.prefixes().tokensFound()).isZero();
    scheduler.arrived(state("state", 20), 1, NOW);
    assertThat(run(scheduler, 99)).hasSize(2);
    assertThat(scheduler.prefixes().tokensFound()).isPositive();
  }
}
