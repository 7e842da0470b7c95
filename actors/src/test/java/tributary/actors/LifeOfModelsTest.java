package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.stream.javadsl.Sink;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.model.Golden;
import tributary.model.HandMadeDeltas;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Precision;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.TokenEvent;
import tributary.protocol.Tokens;
import tributary.scheduling.residency.DeltaTerms;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.container.Fingerprint;
import tributary.tensor.container.SafetensorsFile;
import tributary.tensor.format.DeltaTensor;

/** Variants that come, change and go on a running node over a real base and real files. */
class LifeOfModelsTest {
  private static final int PROMPT = 8;
  private static final DeltaId TENANT = new DeltaId("tenant");

  @TempDir private static Path directory;
  private static TributaryNode node;
  private static Path tuned;
  private static Path plain;

  @BeforeAll
  static void start() throws Exception {
    tuned = write("llama-finetune", "tuned.delta");
    plain = write("llama", "plain.delta");
    var settings =
        Configs.serving()
            .files(Golden.directory("llama"), List.of())
            .store(directory.resolve("store"))
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
  void versions_change_under_load_without_a_failed_stream_or_a_mixed_answer() throws Exception {
    int[] ofTuned = answer("llama-finetune", "llama-finetune");
    get(node.admin().register(TENANT, tuned));
    int[] ofPlain = tokens(Nodes.get(Nodes.read(node, request("base"))));
    assertThat(ofPlain).isNotEqualTo(ofTuned);
    assertThat(tokens(Nodes.get(Nodes.read(node, request("tenant"))))).isEqualTo(ofTuned);

    var streams = new ArrayList<CompletionStage<List<TokenEvent>>>();
    for (int round = 0; round < 4; round++) {
      ask(streams);
      get(node.admin().register(TENANT, plain));
      ask(streams);
      awaitAnswer(ofPlain, streams);
      get(node.admin().rollBack(TENANT));
      ask(streams);
      awaitAnswer(ofTuned, streams);
    }
    askAndAwaitFirstToken(streams);
    get(node.admin().remove(TENANT));

    int asTuned = 0;
    for (CompletionStage<List<TokenEvent>> stream : streams) {
      List<TokenEvent> events = Nodes.get(stream);
      if (events.getLast() instanceof TokenEvent.Failed failed) {
        throw new AssertionError("a stream failed: " + failed.refusal());
      }
      int[] tokens = tokens(events);
      boolean isTuned = Arrays.equals(tokens, ofTuned);
      assertThat(isTuned || Arrays.equals(tokens, ofPlain)).as("of one version").isTrue();
      asTuned += isTuned ? 1 : 0;
    }
    assertThat(asTuned).isBetween(5, streams.size() - 5);
    var refused = Nodes.get(Nodes.read(node, request("tenant")));
    assertThat(Nodes.code(refused.getFirst())).isEqualTo(ErrorCode.MODEL_NOT_FOUND);
    Nodes.await(node, () -> Nodes.assertEmpty(node.load()));
  }

  @Test
  void a_drained_variant_refuses_and_one_upgraded_anew_is_served_again() throws Exception {
    var id = new DeltaId("drained");
    get(node.admin().register(id, tuned));
    get(node.admin().drain(id));
    assertThat(Nodes.code(Nodes.get(Nodes.read(node, request("drained"))).getFirst()))
        .isEqualTo(ErrorCode.MODEL_NOT_FOUND);
    get(node.admin().register(id, tuned));
    assertThat(Nodes.get(Nodes.read(node, request("drained"))).getLast())
        .isInstanceOf(TokenEvent.Finished.class);
  }

  @Test
  void a_pinned_variant_is_resident_before_anybody_asks() throws Exception {
    var id = new DeltaId("pinned");
    get(node.admin().register(id, tuned));
    get(node.admin().agree(id, new ModelAdmin.Wish(1, true, 3)));
    Nodes.await(
        node, () -> assertThat(Nodes.delta(node.load(), id).tier()).isEqualTo(Tier.RESIDENT));
  }

  @Test
  void a_floor_that_comes_with_the_delta_holds_from_the_first_reply_on() throws Exception {
    var id = new DeltaId("whole");
    Path file = planes("whole.delta");
    get(node.admin().register(id, file, new ModelAdmin.Wish(DeltaTerms.FLOOR_MAX, null, null)));
    Precision first = precision(id);
    assertThat(first.available()).isGreaterThan(2);
    assertThat(first.least()).isEqualTo(first.available());
  }

  @Test
  void a_reply_says_with_which_precision_it_was_served() throws Exception {
    var id = new DeltaId("planes");
    get(node.admin().register(id, planes("planes.delta")));
    Precision first = precision(id);
    assertThat(first.available()).isGreaterThan(2);
    Nodes.await(
        node,
        () -> {
          Precision precision = precision(id);
          assertThat(precision.least()).isEqualTo(precision.available());
        });
  }

  /** A delta of three planes. */
  private static Path planes(String name) throws Exception {
    Path file = directory.resolve(name);
    try (var base = Checkpoint.open(Golden.directory("llama"))) {
      DeltaFile.write(
          file,
          new DeltaManifest("hand-made", new TreeMap<>(), Fingerprint.of(base), "planes", 4, 1),
          HandMadeDeltas.mixed(base, 3, 2));
    }
    return file;
  }

  private static Precision precision(DeltaId id) {
    try {
      var last = Nodes.get(Nodes.read(node, request(id.name()))).getLast();
      Precision precision = ((TokenEvent.Finished) last).usage().precision();
      assertThat(precision).isNotNull();
      return Objects.requireNonNull(precision);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void a_damaged_file_is_not_taken_in_and_leaves_nothing_behind() throws Exception {
    byte[] bytes = Files.readAllBytes(tuned);
    bytes[bytes.length - 1] ^= 1;
    Path damaged = Files.write(directory.resolve("damaged.delta"), bytes);
    assertThatThrownBy(() -> get(node.admin().register(new DeltaId("damaged"), damaged)))
        .hasMessageContaining("delta_checksum");
    assertThat(node.admin().all()).noneMatch(model -> model.name().name().equals("damaged"));
    try (Stream<Path> objects = Files.list(directory.resolve("store").resolve("objects"))) {
      assertThat(objects).allMatch(file -> file.toString().endsWith(".delta"));
    }
  }

  @Test
  void what_is_not_there_cannot_be_changed() {
    assertThatThrownBy(() -> get(node.admin().rollBack(new DeltaId("nobody"))))
        .hasMessageContaining("model_not_found");
    assertThatThrownBy(() -> get(node.admin().register(new DeltaId("base"), tuned)))
        .hasMessageContaining("the base itself");
  }

  private static void ask(List<CompletionStage<List<TokenEvent>>> streams) {
    for (int i = 0; i < 3; i++) {
      streams.add(Nodes.read(node, request("tenant")));
    }
  }

  /** A request that has not reached the node when its model goes is refused, and rightly so. */
  private static void askAndAwaitFirstToken(List<CompletionStage<List<TokenEvent>>> streams)
      throws Exception {
    for (int i = 0; i < 3; i++) {
      var first = new CompletableFuture<TokenEvent>();
      streams.add(
          node.generation()
              .generate(request("tenant"))
              .wireTap(first::complete)
              .runWith(Sink.seq(), node.system()));
      get(first);
    }
  }

  /** Asks until a version answers. */
  private static void awaitAnswer(int[] wanted, List<CompletionStage<List<TokenEvent>>> streams)
      throws Exception {
    for (int i = 0; i < 400; i++) {
      var stream = Nodes.read(node, request("tenant"));
      streams.add(stream);
      if (Arrays.equals(tokens(Nodes.get(stream)), wanted)) {
        return;
      }
    }
    throw new AssertionError("the other version never answers");
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  /** A checkpoint's own values as a delta to the base. */
  private static Path write(String checkpoint, String name) throws Exception {
    Path file = directory.resolve(name);
    try (var from = Checkpoint.open(Golden.directory(checkpoint));
        var base = Checkpoint.open(Golden.directory("llama"))) {
      var tensors = new LinkedHashMap<String, DeltaTensor>();
      for (String tensor : from.names()) {
        tensors.put(tensor, new DeltaTensor.Replaced(from.tensor(tensor)));
      }
      DeltaFile.write(
          file,
          new DeltaManifest("exact", new TreeMap<>(), Fingerprint.of(base), checkpoint, 4, 1),
          tensors);
    }
    return file;
  }

  private static GenerationRequest request(String model) {
    int[] prompt = reference("llama-finetune");
    return new GenerationRequest(
        Requests.to(model).build().id(),
        new DeltaId(model),
        Tokens.of(Arrays.copyOf(prompt, PROMPT)),
        Sampling.GREEDY,
        new StopRule(prompt.length - PROMPT, 0, Set.of()));
  }

  private static int[] answer(String model, String promptOf) {
    int[] reference = reference(model);
    assertThat(reference("llama-finetune")).startsWith(Arrays.copyOf(reference(promptOf), PROMPT));
    return Arrays.copyOfRange(reference, PROMPT, reference.length);
  }

  private static int[] reference(String name) {
    try (var expected =
        SafetensorsFile.open(Golden.directory(name).resolve("expected.safetensors"))) {
      long[] ids = expected.tensor("greedy").data().toArray(ValueLayout.JAVA_LONG_UNALIGNED);
      return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
    }
  }

  private static int[] tokens(List<TokenEvent> events) {
    return events.stream()
        .filter(event -> event instanceof TokenEvent.Token)
        .mapToInt(event -> ((TokenEvent.Token) event).token())
        .toArray();
  }
}
