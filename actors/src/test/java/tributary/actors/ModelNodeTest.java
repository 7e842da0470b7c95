package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.config.ServerConfig;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.Golden;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.sampling.Candidates;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.OutputForm;
import tributary.protocol.PromptNews;
import tributary.protocol.PromptReading;
import tributary.protocol.RequestId;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.TokenEvent;
import tributary.protocol.Tokens;
import tributary.protocol.Usage;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.container.Fingerprint;
import tributary.tensor.container.SafetensorsFile;
import tributary.tensor.format.DeltaTensor;

/** A node over a real base and real delta files: nothing in it is a stand-in. */
class ModelNodeTest {
  private static final int PROMPT = 8;

  @TempDir private static Path directory;
  private static TributaryNode node;

  @BeforeAll
  static void start() throws Exception {
    writeDelta("llama", directory.resolve("tuned.delta"));
    writeDelta("llama-tied-rope3", directory.resolve("foreign.delta"));
    byte[] damaged = Files.readAllBytes(directory.resolve("tuned.delta"));
    damaged[damaged.length - 1] ^= 1;
    Files.write(directory.resolve("damaged.delta"), damaged);
    var settings =
        Configs.serving()
            .files(
                Golden.directory("llama"),
                List.of(variant("tuned"), variant("foreign"), variant("damaged")))
            .settings();
    node =
        TributaryNode.start(
            settings,
            new TributaryNode.Parts(ModelEngine.open(settings.server()), new Catalogue(List.of())));
    Nodes.up(node);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @Test
  void base_and_variant_answer_side_by_side_as_their_references_do() throws Exception {
    var streams = new ArrayList<CompletionStage<List<TokenEvent>>>();
    for (int i = 0; i < 6; i++) {
      streams.add(Nodes.read(node, greedy(i % 2 == 0 ? "base" : "tuned", "llama")));
      streams.add(Nodes.read(node, greedy(i % 2 == 0 ? "base" : "tuned", "llama-finetune")));
    }
    int[] base = reference("llama");
    int[] tuned = reference("llama-finetune");
    assertThat(tokens(streams.get(0))).isEqualTo(Arrays.copyOfRange(base, PROMPT, base.length));
    assertThat(tokens(streams.get(3))).isEqualTo(Arrays.copyOfRange(tuned, PROMPT, tuned.length));
    assertThat(tokens(streams.get(1))).isNotEqualTo(tokens(streams.get(3)));
    for (int i = 4; i < streams.size(); i++) {
      assertThat(tokens(streams.get(i))).isEqualTo(tokens(streams.get(i - 4)));
    }
    Nodes.await(node, () -> Nodes.assertEmpty(node.load()));
  }

  @Test
  void a_delta_of_another_base_and_a_damaged_one_are_refused_with_their_reasons() throws Exception {
    for (var wrong : Map.of("foreign", "wrong_base", "damaged", "delta_checksum").entrySet()) {
      var events = Nodes.get(Nodes.read(node, greedy(wrong.getKey(), "llama")));
      assertThat(Nodes.code(events.getFirst())).isEqualTo(ErrorCode.DELTA_UNAVAILABLE);
      assertThat(((TokenEvent.Failed) events.getFirst()).refusal().message())
          .contains(wrong.getValue());
    }
  }

  @Test
  void a_token_outside_the_model_harms_nobody() throws Exception {
    var good = Nodes.read(node, greedy("base", "llama"));
    var bad = Nodes.get(Nodes.read(node, Requests.to("base").prompt(320).build()));
    assertThat(Nodes.code(bad.getFirst())).isEqualTo(ErrorCode.INVALID_PARAMETER);
    assertThat(Nodes.get(good).getLast()).isInstanceOf(TokenEvent.Finished.class);
  }

  /** Prompts longer than a step, beside others: the node tells what the fine-tune itself says. */
  @Test
  void a_prompts_state_and_scores_are_those_of_the_forward_pass() throws Exception {
    int[] prompt = IntStream.range(0, 150).map(i -> 3 + i * 7 % 300).toArray();
    var others = Nodes.read(node, greedy("base", "llama"));
    var state = GenerationRequest.stateOf(id(), new DeltaId("tuned"), Tokens.of(prompt));
    var scored =
        new GenerationRequest(
            id(),
            new DeltaId("tuned"),
            Tokens.of(prompt),
            Sampling.GREEDY,
            new StopRule(1, 0, Set.of()),
            OutputForm.free(),
            new PromptReading.Scores(2));
    var stateEvents = Nodes.read(node, state);
    List<TokenEvent> scoreEvents = Nodes.get(Nodes.read(node, scored));

    List<float[]> logits = new ArrayList<>();
    float[] expected = forward(prompt, logits);
    assertThat(Nodes.get(stateEvents))
        .satisfiesExactly(
            read ->
                assertThat(((PromptNews.State) ((TokenEvent.PromptRead) read).news()).values())
                    .containsExactly(expected, within(1e-4f)),
            end ->
                assertThat(((TokenEvent.Finished) end).usage())
                    .isEqualTo(new Usage(prompt.length, 0)));
    var scores = scores(scoreEvents);
    assertThat(scores).hasSize(prompt.length - 1);
    for (int i = 0; i < scores.size(); i++) {
      PromptNews.Score score = scores.get(i);
      float[] row = logits.get(i);
      assertThat(score.token().token()).isEqualTo(prompt[i + 1]);
      assertThat(score.token().logprob()).isCloseTo(logprob(row, prompt[i + 1]), within(1e-3f));
      assertThat(score.top()).hasSize(2);
      assertThat(score.top().getFirst().logprob())
          .isCloseTo(logprob(row, Candidates.largest(row)), within(1e-3f));
      assertThat(score.rank() == 1).isEqualTo(Candidates.largest(row) == prompt[i + 1]);
    }
    Nodes.get(others);
  }

  /** The fine-tune as a model of its own: the last state, and all logits. */
  private static float[] forward(int[] prompt, List<float[]> logits) {
    var states = new ArrayList<float[]>();
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1);
        BaseModel model = BaseModel.load(Golden.directory("llama-finetune"), backend);
        ForwardPass pass = ForwardPass.create(model, 20, 16)) {
      int[] pages = IntStream.range(0, 10).toArray();
      int[] others = IntStream.range(10, 20).toArray();
      pass.run(
          new StepBatch(
              List.of(
                  new StepBatch.Slice(
                      ResidentDelta.none(), prompt, 0, pages, StepBatch.LogitRows.ALL),
                  new StepBatch.Slice(
                      ResidentDelta.none(), prompt, 0, others, StepBatch.LogitRows.STATE))),
          new ForwardPass.LogitsSink() {
            @Override
            public void accept(int slice, int row, float[] values) {
              logits.add(values.clone());
            }

            @Override
            public void state(int slice, int row, float[] state) {
              states.add(state);
            }
          });
    }
    return states.getFirst();
  }

  private static List<PromptNews.Score> scores(List<TokenEvent> events) {
    var scores = new ArrayList<PromptNews.Score>();
    for (TokenEvent event : events) {
      if (event instanceof TokenEvent.PromptRead(_, PromptNews.Scores part)) {
        assertThat(part.first()).isEqualTo(scores.size() + 1);
        scores.addAll(part.tokens());
      }
    }
    return scores;
  }

  private static float logprob(float[] logits, int token) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit);
    }
    return (float) (logits[token] - Math.log(sum));
  }

  private static RequestId id() {
    return Requests.to("tuned").build().id();
  }

  private static ServerConfig.Model variant(String name) {
    return new ServerConfig.Model(
        new DeltaId(name), directory.resolve(name + ".delta"), Optional.empty(), Optional.empty());
  }

  /** The fine-tune's own values as a delta to a base: its answers must be the fine-tune's. */
  private static void writeDelta(String base, Path file) {
    try (var tuned = Checkpoint.open(Golden.directory("llama-finetune"));
        var from = Checkpoint.open(Golden.directory(base))) {
      var tensors = new LinkedHashMap<String, DeltaTensor>();
      long elements = 0;
      for (String name : tuned.names()) {
        tensors.put(name, new DeltaTensor.Replaced(tuned.tensor(name)));
        elements += tuned.tensor(name).shape().elements();
      }
      DeltaFile.write(
          file,
          new DeltaManifest(
              "exact", new TreeMap<>(), Fingerprint.of(from), "tuned", 4 * elements, elements),
          tensors);
    }
  }

  private static GenerationRequest greedy(String model, String promptOf) throws Exception {
    int[] reference = reference(promptOf);
    return new GenerationRequest(
        new RequestId(Requests.to(model).build().id().value()),
        new DeltaId(model),
        Tokens.of(Arrays.copyOf(reference, PROMPT)),
        Sampling.GREEDY,
        new StopRule(reference.length - PROMPT, 0, Set.of()));
  }

  private static int[] reference(String name) {
    try (var expected =
        SafetensorsFile.open(Golden.directory(name).resolve("expected.safetensors"))) {
      long[] ids = expected.tensor("greedy").data().toArray(ValueLayout.JAVA_LONG_UNALIGNED);
      return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
    }
  }

  private static int[] tokens(CompletionStage<List<TokenEvent>> stream) throws Exception {
    return Nodes.get(stream).stream()
        .filter(event -> event instanceof TokenEvent.Token)
        .mapToInt(event -> ((TokenEvent.Token) event).token())
        .toArray();
  }
}
