package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.javadsl.Adapter;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import java.io.NotSerializableException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.actors.serialization.KryoSerializer;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Haste;
import tributary.protocol.Nanos;
import tributary.protocol.OutputForm;
import tributary.protocol.PromptNews;
import tributary.protocol.PromptReading;
import tributary.protocol.Refusal;
import tributary.protocol.RequestId;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.Timing;
import tributary.protocol.TokenEvent;
import tributary.protocol.TokenLogprob;
import tributary.protocol.Tokens;
import tributary.protocol.Usage;
import tributary.scheduling.placement.ExecutorReport;

class WireSerializerTest {
  private static final ActorTestKit KIT = Kits.local("wire");
  private static final Serialization SERIALIZATION =
      SerializationExtension.get(Adapter.toClassic(KIT.system()));
  private static final RequestId ID = new RequestId("request-ä-1");

  private static final TestProbe<ReaderMessage> READER = KIT.createTestProbe();
  private static final TestProbe<DeltaEntity.Command> ENTITY = KIT.createTestProbe();
  private static final TestProbe<ReplicaKeeper.Command> KEEPER = KIT.createTestProbe();
  private static final TestProbe<DeviceActor.Command> DEVICE = KIT.createTestProbe();

  private final WireSerializer serializer =
      (WireSerializer) serializerOf(new DeviceActor.Cancel(ID));

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  static LongStream seeds() {
    return LongStream.range(0, 200);
  }

  static Stream<WireMessage> messages() {
    var logprob = new TokenLogprob(7, -1.25f);
    return Stream.of(
        new DeltaEntity.Generate(request(new SplittableRandom(1)), 16, READER.getRef()),
        new DeltaEntity.Generate(Requests.to("greedy").build(), 0, READER.getRef()),
        new DeltaEntity.Generate(
            Requests.to("greedy").build().withHaste(new Haste(-3, Nanos.ofMillis(700))),
            5,
            READER.getRef()),
        new DeltaEntity.Cancel(ID),
        new DeltaEntity.Refresh(DeltaEntity.Refresh.Eagerness.NOW),
        new ExecutorNews(
            "akka://tributary@10.0.0.1:25520",
            new ExecutorReport(new Bytes(1L << 40), new Bytes(5), Map.of("17", 400L, "3", 0L)),
            new ExecutorNews.Hosting(
                KEEPER.getRef(),
                List.of(
                    new ExecutorNews.Copy(new DeltaId("hot"), "v1", 1L << 40, null),
                    new ExecutorNews.Copy(new DeltaId("hotter"), "", 0, ENTITY.getRef())))),
        new ReplicaKeeper.Host(new DeltaId("hot")),
        new ReplicaKeeper.Leave(new DeltaId("hot")),
        new DeviceActor.Credit(ID, Integer.MAX_VALUE),
        new DeviceActor.Cancel(ID),
        new DeviceActor.Probe(ID, READER.getRef()),
        new ReaderMessage.Received(ID, ENTITY.getRef()),
        new ReaderMessage.Accepted(ID, DEVICE.getRef()),
        new ReaderMessage.Status(ID, 3),
        new ReaderMessage.Unknown(ID),
        event(new TokenEvent.Token(ID, 0, 5, null, List.of())),
        event(new TokenEvent.Token(ID, 300, 70_000, logprob, List.of(logprob, logprob))),
        event(
            new TokenEvent.PromptRead(
                ID,
                new PromptNews.Scores(
                    7, List.of(new PromptNews.Score(logprob, 3, List.of(logprob)))))),
        event(new TokenEvent.PromptRead(ID, new PromptNews.State(new float[] {1, -0.5f, 3e-9f}))),
        event(new TokenEvent.Finished(ID, FinishReason.LENGTH, new Usage(3, 4))),
        event(
            new TokenEvent.Finished(
                ID,
                FinishReason.STOP,
                new Usage(3, 4),
                new Timing(new Nanos(1), new Nanos(2), new Nanos(3), new Nanos(1L << 40), 7))),
        event(new TokenEvent.Failed(ID, Refusal.of(ErrorCode.QUEUE_FULL, "full"))),
        event(
            new TokenEvent.Failed(
                ID, new Refusal(ErrorCode.INVALID_PARAMETER, "no", "top_p", Nanos.ofMillis(250)))));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void every_message_comes_back_equal(WireMessage message) throws Exception {
    assertThat(roundTrip(message)).isEqualTo(message);
  }

  @Test
  void no_message_that_crosses_nodes_is_missing_from_the_samples() {
    var crossing = new HashSet<Class<?>>();
    Stream.of(
            DeltaEntity.Command.class,
            DeviceActor.Command.class,
            ReplicaKeeper.Command.class,
            ReaderMessage.class)
        .flatMap(protocol -> Arrays.stream(protocol.getPermittedSubclasses()))
        .filter(WireMessage.class::isAssignableFrom)
        .forEach(crossing::add);
    crossing.add(ExecutorNews.class);
    assertThat(messages().<Class<?>>map(WireMessage::getClass)).hasSameElementsAs(crossing);
    assertThat(
            messages()
                .filter(message -> message instanceof ReaderMessage.Event)
                .<Class<?>>map(message -> ((ReaderMessage.Event) message).event().getClass()))
        .hasSameElementsAs(List.of(TokenEvent.class.getPermittedSubclasses()));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void any_request_comes_back_equal(long seed) throws Exception {
    var request = request(new SplittableRandom(seed));
    var message = new DeltaEntity.Generate(request, (int) seed, READER.getRef());
    assertThat(roundTrip(message)).isEqualTo(message);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void a_message_can_be_written_into_a_frame(WireMessage message) throws Exception {
    for (ByteBuffer frame : List.of(ByteBuffer.allocate(4096), ByteBuffer.allocateDirect(4096))) {
      frame.position(17);
      serializer.toBinary(message, frame);
      frame.flip().position(17);
      assertThat(serializer.fromBinary(frame, serializer.manifest(message))).isEqualTo(message);
    }
  }

  @Test
  void a_frame_that_is_too_small_is_reported_the_way_akka_expects() {
    assertThatThrownBy(
            () -> serializer.toBinary(new DeltaEntity.Cancel(ID), ByteBuffer.allocate(4)))
        .isInstanceOf(BufferOverflowException.class);
  }

  @Test
  void an_unregistered_class_is_refused_both_ways() {
    assertThatThrownBy(() -> serializer.toBinary(Done.getInstance()))
        .hasMessageContaining("akka.Done")
        .hasMessageContaining("not registered");
    assertThatThrownBy(() -> serializer.fromBinary(new byte[] {99, 1}, "3"))
        .isInstanceOf(NotSerializableException.class);
  }

  @Test
  void kryos_own_classes_are_no_messages() {
    for (int id = 0; id < 20; id++) {
      byte[] bytes = {(byte) (id + 2), -1, -1, -1, -1, 7};
      assertThatThrownBy(() -> serializer.fromBinary(bytes, "3"))
          .isInstanceOf(NotSerializableException.class);
    }
  }

  @Test
  void another_wire_version_is_refused_by_name() {
    byte[] bytes = serializer.toBinary(new DeltaEntity.Cancel(ID));
    assertThatThrownBy(() -> serializer.fromBinary(bytes, "4"))
        .isInstanceOf(NotSerializableException.class)
        .hasMessageContaining("version 4");
  }

  @ParameterizedTest
  @MethodSource("messages")
  void every_truncation_is_refused_and_what_a_newer_node_adds_is_left_unread(WireMessage message)
      throws Exception {
    byte[] bytes = serializer.toBinary(message);
    int old = withoutAdditions(message);
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      if (length == old) {
        continue; // That is a whole message of an older build.
      }
      assertThatThrownBy(() -> serializer.fromBinary(cut, "3"))
          .isInstanceOf(NotSerializableException.class);
    }
    byte[] extended = Arrays.copyOf(bytes, bytes.length + 3);
    assertThat(serializer.fromBinary(extended, "3")).isEqualTo(message);
  }

  /** What an older build would have written of a message. */
  private int withoutAdditions(WireMessage message) {
    return switch (message) {
      case DeltaEntity.Generate(var request, var credit, var reader) ->
          serializer.toBinary(
                  new DeltaEntity.Generate(request.withHaste(Haste.NONE), credit, reader))
              .length;
      case ExecutorNews(var address, var report, _) ->
          serializer.toBinary(new ExecutorNews(address, report)).length;
      default -> -1;
    };
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void damaged_bytes_give_another_message_or_the_one_exception(long seed) {
    var random = new SplittableRandom(seed);
    for (WireMessage message : messages().toList()) {
      byte[] bytes = serializer.toBinary(message);
      for (int damage = random.nextInt(1, 4); damage > 0; damage--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        assertThat(serializer.fromBinary(bytes, "3")).isInstanceOf(WireMessage.class);
      } catch (NotSerializableException refused) {
        assertThat(refused).hasMessageContaining("message");
      }
    }
  }

  @Test
  void a_length_that_lies_allocates_nothing() {
    byte[] bytes = serializer.toBinary(new DeltaEntity.Cancel(new RequestId("x".repeat(20))));
    // The text's length, after the class id: claims two billion bytes.
    byte[] lying = {bytes[0], -1, -1, -1, -1, 7, 'x'};
    assertThatThrownBy(() -> serializer.fromBinary(lying, "3"))
        .isInstanceOf(NotSerializableException.class)
        .hasMessageContaining("claims");
  }

  @Test
  void a_prompt_of_eighty_thousand_tokens_travels_and_one_too_long_is_refused_before() {
    var long80k = Requests.to("long").prompt(ids(80_000, (1 << 21) - 1)).build();
    assertThat(WireSerializer.sizeRefusal(long80k)).isEmpty();
    byte[] bytes = serializer.toBinary(new DeltaEntity.Generate(long80k, 1, READER.getRef()));
    assertThat(bytes.length).isLessThan(KryoSerializer.MESSAGE_BYTES_MAX);

    var tooLong = Requests.to("long").prompt(ids(90_000, (1 << 21) - 1)).build();
    assertThat(WireSerializer.sizeRefusal(tooLong))
        .hasValueSatisfying(
            refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.CONTEXT_LENGTH_EXCEEDED));
    assertThatThrownBy(
            () -> serializer.toBinary(new DeltaEntity.Generate(tooLong, 1, READER.getRef())))
        .hasMessageContaining("most that may cross nodes");
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void what_is_not_refused_for_its_size_fits(long seed) {
    var random = new SplittableRandom(seed);
    int bits = random.nextInt(1, 31);
    int[] ids = random.ints(random.nextInt(1, 150_000), 0, 1 << bits).toArray();
    var request = Requests.to("x".repeat(DeltaId.LENGTH_MAX)).prompt(ids).build();
    if (WireSerializer.sizeRefusal(request).isEmpty()) {
      assertThat(serializer.toBinary(new DeltaEntity.Generate(request, 1, READER.getRef())).length)
          .isLessThanOrEqualTo(KryoSerializer.MESSAGE_BYTES_MAX);
    } else {
      assertThat(ids.length).isGreaterThan(KryoSerializer.MESSAGE_BYTES_MAX / 6);
    }
  }

  private static int[] ids(int count, int id) {
    int[] ids = new int[count];
    Arrays.fill(ids, id);
    return ids;
  }

  private static ReaderMessage.Event event(TokenEvent event) {
    return new ReaderMessage.Event(event);
  }

  private static akka.serialization.Serializer serializerOf(Object message) {
    return SERIALIZATION.findSerializerFor(message);
  }

  private Object roundTrip(WireMessage message) throws NotSerializableException {
    assertThat(serializerOf(message)).isSameAs(serializer);
    return serializer.fromBinary(serializer.toBinary(message), serializer.manifest(message));
  }

  private static GenerationRequest request(SplittableRandom random) {
    var bias = new HashMap<Integer, Double>();
    random.ints(random.nextInt(6), 0, 50_000).forEach(t -> bias.put(t, random.nextDouble(-9, 9)));
    var stops = new ArrayList<Integer>();
    random.ints(random.nextInt(4), 0, 50_000).forEach(stops::add);
    var sampling =
        new Sampling(
            random.nextDouble(0, 2),
            random.nextInt(100),
            random.nextDouble(0.1, 1),
            random.nextDouble(0, 1),
            random.nextLong(),
            random.nextDouble(0.5, 2),
            random.nextDouble(-2, 2),
            random.nextDouble(-2, 2),
            bias,
            random.nextInt(Sampling.NO_LOGPROBS, Sampling.TOP_LOGPROBS_MAX + 1));
    int maxTokens = random.nextInt(1, 100_000);
    return new GenerationRequest(
        new RequestId("id-" + random.nextLong()),
        new DeltaId("m" + random.nextInt(1 << 20)),
        Tokens.of(random.ints(random.nextInt(1, 300), 0, 1 << 20).toArray()),
        sampling,
        new StopRule(maxTokens, random.nextInt(maxTokens), new HashSet<>(stops)),
        form(random),
        reading(random));
  }

  private static PromptReading reading(SplittableRandom random) {
    return switch (random.nextInt(3)) {
      case 0 -> PromptReading.nothing();
      case 1 -> new PromptReading.Scores(random.nextInt(21));
      default -> new PromptReading.State();
    };
  }

  private static OutputForm form(SplittableRandom random) {
    var tool = new OutputForm.Tool("look_up", "finds\n\"it\"", "{\"type\":\"object\"}");
    return switch (random.nextInt(6)) {
      case 0 -> OutputForm.free();
      case 1 -> new OutputForm.JsonObject();
      case 2 -> new OutputForm.JsonSchema("{\"type\":\"string\",\"title\":\"é\"}");
      case 3 -> new OutputForm.Regex("[a-z]{1,3}");
      case 4 -> new OutputForm.OneOf(List.of("yes", "no"));
      default -> new OutputForm.ToolCalls(List.of(tool, tool), random.nextBoolean(), 3);
    };
  }
}
