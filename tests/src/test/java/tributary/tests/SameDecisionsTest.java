package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;

import akka.stream.javadsl.Sink;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.actors.TributaryNode;
import tributary.config.Loaded;
import tributary.config.ServerConfig;
import tributary.protocol.DeltaId;
import tributary.protocol.GenerationRequest;
import tributary.protocol.RequestId;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.Tokens;
import tributary.scheduling.SchedulerEvent;
import tributary.simulation.engine.Replay;
import tributary.simulation.recording.RecordedRun;
import tributary.simulation.recording.StepsFile;
import tributary.simulation.trace.TraceFile;
import tributary.simulation.trace.TraceRow;
import tributary.simulation.trace.TraceRules;

/**
 * A live node's run, recorded, and replayed in the simulator with its measured times: the same
 * plans, one by one. The node is crowded, so that sequences wait, share a step's tokens, are robbed
 * of pages, find prefixes, are parked by their readers and withdrawn by them.
 */
class SameDecisionsTest {
  private static final int REQUESTS = 40;
  private static final long SECONDS_MAX = 120;

  @TempDir private static Path folder;

  private static RecordedRun run;

  @BeforeAll
  static void record_a_live_run() throws Exception {
    Loaded loaded =
        ServerConfig.load(Repository.demo("tributary.conf"))
            .withOverrides(
                Map.of(
                    "tributary.device.running-max", "6",
                    "tributary.device.tokens-per-step", "48",
                    "tributary.device.kv-memory", "1 MiB",
                    "tributary.scheduling.gap-tokens", "40",
                    "tributary.scheduling.deltas-max", "3",
                    "tributary.streaming.window-tokens", "8",
                    "tributary.recording.steps", folder.resolve("steps.jsonl").toString(),
                    "tributary.recording.trace", folder.resolve("trace.jsonl").toString()));
    try (TributaryNode node = TributaryNode.start(loaded.server(), loaded.raw())) {
      node.whenReady().toCompletableFuture().get(SECONDS_MAX, TimeUnit.SECONDS);
      List<CompletableFuture<?>> answers = new ArrayList<>();
      var random = new SplittableRandom(7);
      for (int i = 0; i < REQUESTS; i++) {
        answers.add(ask(node, request(i, random), random));
      }
      CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
          .get(SECONDS_MAX, TimeUnit.SECONDS);
    }
    run = StepsFile.read(folder.resolve("steps.jsonl"));
  }

  /** Every fifth reader goes away early. */
  private static CompletableFuture<?> ask(
      TributaryNode node, GenerationRequest request, SplittableRandom random) {
    var events = node.generation().generate(request);
    boolean leaves = random.nextInt(5) == 0;
    return (leaves ? events.take(3) : events)
        .runWith(Sink.ignore(), node.system())
        .toCompletableFuture();
  }

  /** Prompts of two beginnings, one of which is a page long, then as they like. */
  private static GenerationRequest request(int number, SplittableRandom random) {
    int[] prompt = new int[8 + random.nextInt(60)];
    int beginning = random.nextInt(2);
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = i < 32 ? 10 + beginning : 20 + random.nextInt(200);
    }
    List<String> models = List.of("base", "arithmetic", "banking77", "java_code", "sgd_chat");
    return new GenerationRequest(
        new RequestId("r" + number),
        new DeltaId(models.get(random.nextInt(models.size()))),
        Tokens.of(prompt),
        Sampling.GREEDY,
        new StopRule(1 + random.nextInt(40), 0, Set.of()));
  }

  @Test
  void the_simulator_makes_the_same_plans_as_the_server() {
    assertThat(run.plans()).hasSizeGreaterThan(100);
    assertThat(Replay.decisions(run)).isEqualTo(run.decisions());
    assertThat(Replay.differences(run)).isEmpty();
  }

  @Test
  void a_run_that_was_told_something_else_is_planned_differently() {
    List<RecordedRun.Told> inputs = new ArrayList<>(run.inputs());
    inputs.remove(
        inputs.stream()
            .filter(told -> told.input() instanceof SchedulerEvent.Arrived)
            .skip(REQUESTS / 2)
            .findFirst()
            .orElseThrow());
    var other = new RecordedRun(run.limits(), run.rules(), inputs, run.plans(), run.outputs());
    assertThat(Replay.differences(other)).hasSize(1);
  }

  @Test
  void the_trace_holds_lengths_and_models_of_those_who_were_answered_and_no_words()
      throws Exception {
    Path trace = folder.resolve("trace.jsonl");
    List<TraceRow> rows = new ArrayList<>();
    try (var opened = TraceFile.open(trace, TraceRules.STRICT)) {
      for (Optional<TraceRow> row = opened.next(); row.isPresent(); row = opened.next()) {
        rows.add(row.get());
      }
    }
    assertThat(rows).hasSize(REQUESTS);
    assertThat(rows).allMatch(row -> row.promptTokens() >= 8 && row.outputTokens() >= 1);
    assertThat(Files.readString(trace)).doesNotContain("r1", "prompt\"");
    assertThat(Files.readString(folder.resolve("steps.jsonl"))).doesNotContain("r1", "tokens\":[");
  }
}
