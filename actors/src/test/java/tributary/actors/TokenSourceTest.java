package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.Address;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.Adapter;
import akka.stream.testkit.TestSubscriber;
import akka.stream.testkit.javadsl.TestSink;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tributary.protocol.ErrorCode;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Refusal;
import tributary.protocol.TokenEvent;
import tributary.protocol.Usage;

class TokenSourceTest {
  private static final ActorTestKit KIT = Kits.local("source");
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Duration SHORT = Duration.ofMillis(50);

  private final TestProbe<DeltaEntity.Command> entity = KIT.createTestProbe();
  private final TestProbe<DeviceActor.Command> device = KIT.createTestProbe();
  private final GenerationRequest request = Requests.to("support").tokens(100).build();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void it_asks_the_entity_with_a_window_of_credit_and_gives_what_the_device_sends() {
    var stream = run(settings(LONG, LONG));
    var reader = asked();
    accept(reader);
    send(reader, 0, 3);
    stream.request(10);
    assertThat(indices(stream, 3)).containsExactly(0, 1, 2);
    finish(reader, 3);
    assertThat(stream.expectNext()).isInstanceOf(TokenEvent.Finished.class);
    stream.expectComplete();
  }

  @Test
  void credit_follows_demand_and_without_demand_there_is_none() {
    var stream = run(settings(LONG, LONG));
    var reader = asked();
    accept(reader);
    send(reader, 0, 4);
    device.expectNoMessage(SHORT);
    stream.request(1);
    device.expectNoMessage(SHORT);
    stream.request(1);
    device.expectMessage(new DeviceActor.Credit(request.id(), 6));
    assertThat(indices(stream, 2)).containsExactly(0, 1);
  }

  @Test
  void tokens_that_came_before_a_break_are_still_given() {
    var stream = run(settings(LONG, LONG));
    var reader = asked();
    accept(reader);
    send(reader, 0, 2);
    stream.request(1);
    assertThat(indices(stream, 1)).containsExactly(0);
    // By now the device is watched. One that had ended before would be told of before the tokens.
    device.stop();
    stream.request(10);
    assertThat(((TokenEvent.Token) stream.expectNext()).index()).isEqualTo(1);
    broken(stream);
  }

  @Test
  void a_missing_token_breaks_the_stream_and_ends_the_sequence() {
    var stream = run(settings(LONG, LONG));
    var reader = asked();
    accept(reader);
    stream.request(10);
    send(reader, 1, 2);
    broken(stream);
    device.expectMessage(new DeviceActor.Cancel(request.id()));
  }

  @Test
  void a_token_beyond_the_credit_breaks_the_stream() {
    var stream = run(settings(LONG, LONG));
    var reader = asked();
    accept(reader);
    send(reader, 0, 5);
    stream.request(10);
    assertThat(indices(stream, 4)).containsExactly(0, 1, 2, 3);
    broken(stream);
  }

  @Test
  void an_end_that_misses_tokens_breaks_the_stream() {
    var stream = run(settings(LONG, LONG));
    var reader = asked();
    accept(reader);
    stream.request(10);
    finish(reader, 1);
    broken(stream);
  }

  @Test
  void a_refusal_is_the_only_event() {
    var stream = run(settings(LONG, LONG));
    asked().tell(failed(ErrorCode.QUEUE_FULL));
    stream.request(1);
    assertThat(((TokenEvent.Failed) stream.expectNext()).refusal().code())
        .isEqualTo(ErrorCode.QUEUE_FULL);
    stream.expectComplete();
  }

  @Test
  void a_stream_that_is_cancelled_withdraws_from_the_entity_or_the_device() {
    var early = run(settings(LONG, LONG));
    asked();
    early.cancel();
    entity.expectMessage(new DeltaEntity.Cancel(request.id()));

    var late = run(settings(LONG, LONG));
    accept(asked());
    late.cancel();
    device.expectMessage(new DeviceActor.Cancel(request.id()));
  }

  @Test
  void a_stream_that_ended_withdraws_nothing() {
    var stream = run(settings(LONG, LONG));
    var reader = asked();
    accept(reader);
    finish(reader, 0);
    stream.request(1);
    stream.expectNext();
    stream.expectComplete();
    device.expectNoMessage(SHORT);
  }

  @Test
  void without_an_answer_in_time_it_ends() {
    var stream = run(settings(SHORT, LONG));
    asked();
    stream.request(1);
    assertThat(((TokenEvent.Failed) stream.expectNext()).refusal().code())
        .isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    stream.expectComplete();
    entity.expectMessage(new DeltaEntity.Cancel(request.id()));
  }

  @Test
  void a_quiet_device_is_probed_and_a_good_answer_keeps_the_stream() {
    var stream = run(settings(LONG, SHORT));
    var reader = asked();
    accept(reader);
    send(reader, 0, 1);
    device.expectMessage(new DeviceActor.Credit(request.id(), 4));
    device.expectMessageClass(DeviceActor.Probe.class);
    reader.tell(new ReaderMessage.Status(request.id(), 1));
    device.expectMessage(new DeviceActor.Credit(request.id(), 4));
    device.expectMessageClass(DeviceActor.Probe.class);
    reader.tell(new ReaderMessage.Status(request.id(), 1));
    finish(reader, 1);
    stream.request(5);
    assertThat(indices(stream, 1)).containsExactly(0);
    assertThat(stream.expectNext()).isInstanceOf(TokenEvent.Finished.class);
  }

  @Test
  void a_last_token_or_an_end_that_was_lost_is_found_by_the_probe() {
    for (var answer :
        List.of(
            new ReaderMessage.Status(request.id(), 2), new ReaderMessage.Unknown(request.id()))) {
      var stream = run(settings(LONG, SHORT));
      var reader = asked();
      accept(reader);
      send(reader, 0, 1);
      stream.request(5);
      assertThat(indices(stream, 1)).containsExactly(0);
      device.expectMessageClass(DeviceActor.Credit.class);
      assertThat(device.expectMessageClass(DeviceActor.Probe.class).reader()).isEqualTo(reader);
      reader.tell(answer);
      broken(stream);
      device.expectMessageClass(DeviceActor.Cancel.class);
    }
  }

  @Test
  void a_probe_without_an_answer_breaks_the_stream() {
    var stream = run(settings(Duration.ofMillis(200), SHORT));
    accept(asked());
    stream.request(5);
    broken(stream);
  }

  @Test
  void a_node_out_of_reach_breaks_the_stream() {
    var stream = run(settings(LONG, LONG, _ -> true));
    accept(asked());
    stream.request(5);
    broken(stream);
  }

  @Test
  void a_request_that_was_lost_is_asked_again_for_another_reader() {
    var stream = run(insistent(LONG, _ -> false));
    var lost = asked();
    entity.expectMessage(new DeltaEntity.Cancel(request.id()));
    var reader = asked();
    assertThat(reader).isNotEqualTo(lost);
    receive(reader);
    send(lost, 0, 1);
    entity.expectNoMessage(SHORT.multipliedBy(4));
    accept(reader);
    finish(reader, 0);
    stream.request(1);
    assertThat(stream.expectNext()).isInstanceOf(TokenEvent.Finished.class);
    stream.expectComplete();
  }

  @Test
  void a_request_whose_entity_moved_away_is_asked_again() {
    var stream = run(settings(LONG, LONG));
    TestProbe<DeltaEntity.Command> moved = KIT.createTestProbe();
    asked().tell(new ReaderMessage.Received(request.id(), moved.getRef()));
    moved.stop();
    entity.expectMessage(new DeltaEntity.Cancel(request.id()));
    var reader = asked();
    receive(reader);
    accept(reader);
    finish(reader, 0);
    stream.request(1);
    assertThat(stream.expectNext()).isInstanceOf(TokenEvent.Finished.class);
  }

  @Test
  void a_request_whose_entity_is_out_of_reach_is_asked_again() {
    run(insistent(LONG, _ -> true));
    receive(asked());
    entity.expectMessage(new DeltaEntity.Cancel(request.id()));
    asked();
  }

  @Test
  void a_request_that_nobody_ever_receives_ends_in_time() {
    var stream = run(insistent(SHORT.multipliedBy(5), _ -> false));
    stream.request(1);
    assertThat(((TokenEvent.Failed) stream.expectNext()).refusal().code())
        .isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    stream.expectComplete();
    assertThat(entity.receiveSeveralMessages(4)).hasSize(4);
  }

  @Test
  void an_entity_that_ends_after_a_device_accepted_is_not_missed() {
    var stream = run(settings(LONG, LONG));
    TestProbe<DeltaEntity.Command> moved = KIT.createTestProbe();
    var reader = asked();
    reader.tell(new ReaderMessage.Received(request.id(), moved.getRef()));
    accept(reader);
    send(reader, 0, 1);
    stream.request(2);
    assertThat(indices(stream, 1)).containsExactly(0);
    moved.stop();
    entity.expectNoMessage(SHORT);
    finish(reader, 1);
    assertThat(stream.expectNext()).isInstanceOf(TokenEvent.Finished.class);
  }

  private static TokenSource.Settings settings(Duration answerMax, Duration quietMax) {
    return settings(answerMax, quietMax, _ -> false);
  }

  private static TokenSource.Settings settings(
      Duration answerMax, Duration quietMax, Predicate<Address> unreachable) {
    return new TokenSource.Settings(
        4, LONG, answerMax, quietMax, Duration.ofMillis(20), unreachable, MonotonicClock.SYSTEM);
  }

  /** That ask again when nobody receives the request in a short time. */
  private static TokenSource.Settings insistent(
      Duration answerMax, Predicate<Address> unreachable) {
    return new TokenSource.Settings(
        4, SHORT, answerMax, LONG, Duration.ofMillis(20), unreachable, MonotonicClock.SYSTEM);
  }

  private TestSubscriber.Probe<TokenEvent> run(TokenSource.Settings settings) {
    return new ShardedGeneration(_ -> true, () -> false, _ -> entity.getRef(), settings)
        .generate(request)
        .runWith(TestSink.create(Adapter.toClassic(KIT.system())), KIT.system());
  }

  private ActorRef<ReaderMessage> asked() {
    var generate = entity.expectMessageClass(DeltaEntity.Generate.class);
    assertThat(generate.request()).isEqualTo(request);
    assertThat(generate.credit()).isEqualTo(4);
    return generate.reader();
  }

  private void receive(ActorRef<ReaderMessage> reader) {
    reader.tell(new ReaderMessage.Received(request.id(), entity.getRef()));
  }

  private void accept(ActorRef<ReaderMessage> reader) {
    reader.tell(new ReaderMessage.Accepted(request.id(), device.getRef()));
  }

  private void send(ActorRef<ReaderMessage> reader, int first, int count) {
    for (int i = first; i < first + count; i++) {
      reader.tell(
          new ReaderMessage.Event(new TokenEvent.Token(request.id(), i, i, null, List.of())));
    }
  }

  private void finish(ActorRef<ReaderMessage> reader, int tokens) {
    reader.tell(
        new ReaderMessage.Event(
            new TokenEvent.Finished(request.id(), FinishReason.STOP, new Usage(3, tokens))));
  }

  private ReaderMessage failed(ErrorCode code) {
    return new ReaderMessage.Event(new TokenEvent.Failed(request.id(), Refusal.of(code, "no")));
  }

  private static List<Integer> indices(TestSubscriber.Probe<TokenEvent> stream, int count) {
    return java.util.stream.IntStream.range(0, count)
        .mapToObj(_ -> ((TokenEvent.Token) stream.expectNext()).index())
        .toList();
  }

  private static void broken(TestSubscriber.Probe<TokenEvent> stream) {
    assertThat(((TokenEvent.Failed) stream.expectNext()).refusal().code())
        .isEqualTo(ErrorCode.STREAM_BROKEN);
    stream.expectComplete();
  }
}
