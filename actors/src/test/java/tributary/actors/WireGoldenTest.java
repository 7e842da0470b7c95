package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.javadsl.Adapter;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.OutputForm;
import tributary.protocol.Precision;
import tributary.protocol.Refusal;
import tributary.protocol.RequestId;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.TokenEvent;
import tributary.protocol.TokenLogprob;
import tributary.protocol.Tokens;
import tributary.protocol.Usage;
import tributary.scheduling.placement.ExecutorReport;

/**
 * Bytes that earlier builds wrote, which nodes of a rolling upgrade still send and must understand.
 * A line is only ever added: {@code -Dgolden.rewrite=true} writes the file anew, for review.
 */
class WireGoldenTest {
  private static final ActorTestKit KIT = Kits.local("golden");
  private static final String VERSION = "3";
  private static final String NAME = "wire-" + VERSION + ".txt";
  private static final RequestId ID = new RequestId("request-1");
  private static final ExecutorReport REPORT =
      new ExecutorReport(new Bytes(1 << 20), new Bytes(5), Map.of("17", 400L));
  private static final HexFormat HEX = HexFormat.of();

  private final WireSerializer serializer = new WireSerializer(extended());

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void bytes_of_earlier_builds_still_mean_what_they_meant() throws Exception {
    Map<String, WireMessage> samples = samples();
    Map<String, byte[]> recorded = recorded();
    assertThat(recorded.keySet()).isEqualTo(samples.keySet());
    for (var line : recorded.entrySet()) {
      assertThat(serializer.fromBinary(line.getValue(), VERSION))
          .as(line.getKey())
          .isEqualTo(samples.get(line.getKey()));
    }
  }

  @Test
  void what_is_written_now_begins_with_what_earlier_builds_read() throws Exception {
    Map<String, WireMessage> samples = samples();
    if (Boolean.getBoolean("golden.rewrite")) {
      var lines = new StringBuilder();
      samples.forEach((name, message) ->
          lines
              .append(name)
              .append(' ')
              .append(HEX.formatHex(serializer.toBinary(message)))
              .append('\n'));
      Files.writeString(Path.of("src/test/resources/golden", NAME), lines);
      return; // The file on the class path is still the old one.
    }
    for (var line : recorded().entrySet()) {
      byte[] now = serializer.toBinary(Objects.requireNonNull(samples.get(line.getKey())));
      assertThat(HEX.formatHex(now)).as(line.getKey()).startsWith(HEX.formatHex(line.getValue()));
    }
  }

  @Test
  void a_code_of_a_newer_build_is_taken_for_an_internal_error() throws Exception {
    var failed =
        new ReaderMessage.Event(
            new TokenEvent.Failed(ID, Refusal.of(ErrorCode.QUEUE_FULL, "full")));
    byte[] bytes = serializer.toBinary(failed);
    byte[] code = ErrorCode.QUEUE_FULL.name().getBytes(StandardCharsets.UTF_8);
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(ErrorCode.QUEUE_FULL.name());
    System.arraycopy("QUEUE_HUGE".getBytes(StandardCharsets.UTF_8), 0, bytes, at, code.length);

    assertThat(serializer.fromBinary(bytes, VERSION))
        .isEqualTo(
            new ReaderMessage.Event(
                new TokenEvent.Failed(ID, Refusal.of(ErrorCode.INTERNAL, "full"))));
  }

  private static Map<String, WireMessage> samples() {
    var logprob = new TokenLogprob(7, -1.25f);
    var samples = new LinkedHashMap<String, WireMessage>();
    samples.put("generate", new DeltaEntity.Generate(request(), 16, actor("reader")));
    samples.put("cancel-entity", new DeltaEntity.Cancel(ID));
    samples.put("refresh", new DeltaEntity.Refresh(DeltaEntity.Refresh.Eagerness.NOW));
    samples.put("credit", new DeviceActor.Credit(ID, Integer.MAX_VALUE));
    samples.put("cancel-device", new DeviceActor.Cancel(ID));
    samples.put("probe", new DeviceActor.Probe(ID, actor("reader")));
    samples.put("received", new ReaderMessage.Received(ID, actor("entity")));
    samples.put("accepted", new ReaderMessage.Accepted(ID, actor("device")));
    samples.put("status", new ReaderMessage.Status(ID, 3));
    samples.put("unknown", new ReaderMessage.Unknown(ID));
    samples.put("token", event(new TokenEvent.Token(ID, 300, 70_000, logprob, List.of(logprob))));
    samples.put(
        "finished",
        event(
            new TokenEvent.Finished(
                ID, FinishReason.LENGTH, new Usage(3, 4, new Precision(1, 2, 4)))));
    samples.put(
        "failed",
        event(
            new TokenEvent.Failed(
                ID, new Refusal(ErrorCode.QUEUE_FULL, "full", "top_p", Nanos.ofMillis(250)))));
    samples.put("executor-news", new ExecutorNews("akka://a@b:1", REPORT));
    samples.put(
        "executor-news-replicas",
        new ExecutorNews(
            "akka://a@b:1",
            REPORT,
            new ExecutorNews.Hosting(
                actor("keeper"),
                List.of(
                    new ExecutorNews.Copy(new DeltaId("support"), "v1", 300, null),
                    new ExecutorNews.Copy(new DeltaId("support"), "", 0, actor("replica"))))));
    samples.put("host-replica", new ReplicaKeeper.Host(new DeltaId("support")));
    samples.put("leave-replica", new ReplicaKeeper.Leave(new DeltaId("support")));
    return samples;
  }

  private static GenerationRequest request() {
    return new GenerationRequest(
        ID,
        new DeltaId("support"),
        Tokens.of(1, 200, 70_000),
        new Sampling(0.5, 40, 0.9, 0.05, -3, 1.1, 0.25, 0.125, Map.of(5, -1.5), 2),
        new StopRule(99, 1, Set.of(2)),
        new OutputForm.JsonSchema("{}"));
  }

  private static ReaderMessage.Event event(TokenEvent event) {
    return new ReaderMessage.Event(event);
  }

  /** An actor that is not here any more, but has an address. */
  private static <T> ActorRef<T> actor(String name) {
    return ActorRefResolver.get(KIT.system()).resolveActorRef("akka://golden/user/" + name + "#17");
  }

  private static Map<String, byte[]> recorded() throws Exception {
    var recorded = new LinkedHashMap<String, byte[]>();
    try (InputStream file = WireGoldenTest.class.getResourceAsStream("/golden/" + NAME)) {
      assertThat(file).as("golden file %s", NAME).isNotNull();
      new String(file.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> line.split(" "))
          .forEach(line -> recorded.put(line[0], HEX.parseHex(line[1])));
    }
    return recorded;
  }

  private static akka.actor.ExtendedActorSystem extended() {
    return (akka.actor.ExtendedActorSystem) Adapter.toClassic(KIT.system());
  }
}
