package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.DispatcherSelector;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Haste;
import tributary.protocol.Nanos;
import tributary.protocol.Precision;
import tributary.protocol.TokenEvent;
import tributary.protocol.TributaryException;
import tributary.protocol.Usage;
import tributary.scheduling.PolicyChoice;
import tributary.scheduling.Scheduler;
import tributary.scheduling.SchedulerRules;

class DeviceActorTest {
  private static final ActorTestKit KIT = Kits.local("device");
  private static final DeltaId SUPPORT = new DeltaId("support");

  private final TestProbe<DeltaEntity.Command> owner = KIT.createTestProbe();
  private FakeEngine engine = FakeEngine.create();
  private final List<ActorRef<DeviceActor.Command>> devices = new ArrayList<>();
  private DeltaLoader loader = Kits.loader(KIT, engine.deltas, Kits.AMPLE);
  private NodeMetrics metrics = new NodeMetrics(Set.of(SUPPORT), 1);

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @AfterEach
  void stopDevices() {
    engine.letGo();
    devices.forEach(KIT::stop);
  }

  @Test
  void tokens_come_in_order_with_a_start_and_an_end() {
    var device = device();
    var delta = attach(device);
    var request = Requests.to("support").tokens(5).build();
    var reader = submit(device, request, 100, delta);
    assertThat(reader.receiveMessage()).isEqualTo(new ReaderMessage.Accepted(request.id(), device));
    assertThat(tokens(reader, request)).isEqualTo(FakeEngine.tokens(request));
    assertThat(Nodes.delta(metrics.read(), SUPPORT).completionTokens()).isEqualTo(5);
    assertThat(Nodes.delta(metrics.read(), SUPPORT).promptTokens()).isEqualTo(3);
  }

  @Test
  void a_sequence_stands_still_without_credit_and_goes_on_with_it() {
    var device = device();
    var delta = attach(device);
    var slow = Requests.to("support").tokens(6).build();
    var quick = Requests.to("support").prompt(9).tokens(40).build();
    var slowReader = submit(device, slow, 2, delta);
    var quickReader = submit(device, quick, 100, delta);

    accepted(quickReader);
    assertThat(tokens(quickReader, quick)).hasSize(40);
    assertThat(engine.drawn(slow.id())).isEqualTo(2);

    accepted(slowReader);
    device.tell(new DeviceActor.Credit(slow.id(), 6));
    device.tell(new DeviceActor.Credit(slow.id(), 3));
    assertThat(tokens(slowReader, slow)).isEqualTo(FakeEngine.tokens(slow));
    awaitEmpty();
  }

  @Test
  void a_reader_that_takes_nothing_for_too_long_is_told_so_and_its_pages_are_free() {
    engine = FakeEngine.withSlowReaderMax(Nanos.ofMillis(200));
    loader = Kits.loader(KIT, engine.deltas, Kits.AMPLE);
    var device = device();
    var delta = attach(device);
    var request = Requests.to("support").tokens(50).build();
    var reader = submit(device, request, 1, delta);
    accepted(reader);
    reader.receiveMessage();
    assertThat(failure(reader)).isEqualTo(ErrorCode.READER_TOO_SLOW);
    awaitEmpty();
  }

  @Test
  void a_sequence_whose_deadline_is_over_ends_with_a_word_and_its_pages_are_free() {
    engine = FakeEngine.withSlowReaderMax(Nanos.ofMillis(400));
    loader = Kits.loader(KIT, engine.deltas, Kits.AMPLE);
    var device = device();
    var delta = attach(device);
    var hasty = Requests.to("support").tokens(50).build();
    var reader = submit(device, hasty.withHaste(new Haste(0, Nanos.ofMillis(100))), 1, delta);
    accepted(reader);
    reader.receiveMessage();
    assertThat(failure(reader)).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    awaitEmpty();
  }

  @Test
  void a_cancelled_sequence_leaves_nothing_behind() {
    engine.hold();
    var device = device();
    var delta = attach(device);
    var request = Requests.to("support").tokens(500).build();
    var reader = submit(device, request, 1000, delta);
    accepted(reader);
    engine.allowSteps(3);
    reader.receiveMessage();
    device.tell(new DeviceActor.Cancel(request.id()));
    engine.letGo();
    awaitEmpty();
    assertThat(engine.drawn(request.id())).isLessThan(500);
  }

  @Test
  void a_reader_that_dies_frees_its_sequence() {
    var device = device();
    var delta = attach(device);
    var request = Requests.to("support").tokens(2000).build();
    var reader = submit(device, request, 1, delta);
    accepted(reader);
    reader.stop();
    awaitEmpty();
  }

  @Test
  void a_failing_draw_ends_its_own_sequence_only() {
    engine.hold();
    var device = device();
    var delta = attach(device);
    var sick = Requests.to("support").tokens(9).build();
    var well = Requests.to("support").prompt(4).tokens(9).build();
    engine.fail(sick.id());
    var sickReader = submit(device, sick, 100, delta);
    var wellReader = submit(device, well, 100, delta);
    engine.letGo();
    accepted(sickReader);
    accepted(wellReader);
    assertThat(failure(sickReader)).isEqualTo(ErrorCode.INTERNAL);
    assertThat(tokens(wellReader, well)).isEqualTo(FakeEngine.tokens(well));
    awaitEmpty();
  }

  @Test
  void a_failing_step_ends_its_sequences_and_the_device_goes_on() {
    engine.failNextStep(new IllegalStateException("the backend is out of order"));
    var device = device();
    var delta = attach(device);
    var first = Requests.to("support").build();
    var reader = submit(device, first, 100, delta);
    accepted(reader);
    assertThat(failure(reader)).isEqualTo(ErrorCode.INTERNAL);

    var next = Requests.to("support").build();
    var nextReader = submit(device, next, 100, delta);
    accepted(nextReader);
    assertThat(tokens(nextReader, next)).isEqualTo(FakeEngine.tokens(next));
  }

  @Test
  void a_device_that_lost_its_memory_ends_every_sequence_and_goes_on() {
    var device = device();
    var delta = attach(device);
    var parked = Requests.to("support").build();
    var parkedReader = submit(device, parked, 1, delta);
    accepted(parkedReader);
    assertThat(parkedReader.expectMessageClass(ReaderMessage.Event.class).event())
        .isInstanceOf(TokenEvent.Token.class);

    engine.failNextStep(new TributaryException(ErrorCode.DEVICE_FAILED, "its memory is lost"));
    var running = Requests.to("support").build();
    var runningReader = submit(device, running, 100, delta);
    accepted(runningReader);
    assertThat(failure(runningReader)).isEqualTo(ErrorCode.DEVICE_FAILED);
    assertThat(failure(parkedReader)).isEqualTo(ErrorCode.DEVICE_FAILED);

    var next = Requests.to("support").build();
    var nextReader = submit(device, next, 100, delta);
    accepted(nextReader);
    assertThat(tokens(nextReader, next)).isEqualTo(FakeEngine.tokens(next));
  }

  @Test
  void a_device_that_lost_its_memory_keeps_no_prefix() {
    var rules =
        new SchedulerRules(new PolicyChoice.FirstCome(), 9, null, SchedulerRules.Prefixes.KEPT);
    var device = device(rules);
    var delta = attach(device);
    var whole = Requests.to("support").tokens(40).build();
    var reader = submit(device, whole, 100, delta);
    accepted(reader);
    assertThat(tokens(reader, whole)).hasSize(40);
    Kits.await(owner, () -> assertThat(metrics.read().life().kv().pagesKept()).isEqualTo(2));

    engine.failNextStep(new TributaryException(ErrorCode.DEVICE_FAILED, "its memory is lost"));
    var lost = submit(device, Requests.to("support").build(), 100, delta);
    accepted(lost);
    assertThat(failure(lost)).isEqualTo(ErrorCode.DEVICE_FAILED);
    Kits.await(owner, () -> assertThat(metrics.read().life().kv().pagesKept()).isZero());
  }

  @Test
  void a_prompt_that_was_computed_at_another_width_counts_for_the_precision() {
    var delta = new LoadedDelta(SUPPORT, 1, FakeDeltaStore.VOCABULARY, Bytes.ZERO, "first", 3);
    TestProbe<ReaderMessage> reader = KIT.createTestProbe();
    var request = Requests.to("support").build();
    var sequence =
        new DeviceSequence(
            request.id(),
            delta,
            reader.getRef(),
            new DeviceSequence.Arrived(Nanos.ZERO, Nanos.ZERO, Nanos.ZERO));
    sequence.computedAt(1);
    sequence.computedAt(3);
    sequence.tokenSent();
    var end = new TokenEvent.Finished(request.id(), FinishReason.LENGTH, new Usage(3, 1));
    assertThat(((TokenEvent.Finished) sequence.completed(end)).usage().precision())
        .isEqualTo(new Precision(1, 3, 3));
  }

  @Test
  void a_token_outside_the_vocabulary_is_refused_before_it_reaches_a_step() {
    var device = device();
    var delta = attach(device);
    for (int token : new int[] {-1, FakeDeltaStore.VOCABULARY}) {
      assertThat(failure(submit(device, Requests.to("support").prompt(token).build(), 1, delta)))
          .isEqualTo(ErrorCode.INVALID_PARAMETER);
      assertThat(failure(submit(device, Requests.to("support").bias(token).build(), 1, delta)))
          .isEqualTo(ErrorCode.INVALID_PARAMETER);
    }
    assertThat(Nodes.delta(metrics.read(), SUPPORT).refused()).isEqualTo(4);
  }

  @Test
  void one_sequence_more_than_may_wait_is_refused() {
    engine.hold();
    var device = device();
    var delta = attach(device);
    var readers = new ArrayList<TestProbe<ReaderMessage>>();
    for (int i = 0; i < 80; i++) {
      readers.add(submit(device, Requests.to("support").build(), 1, delta));
    }
    engine.letGo();
    var codes = new HashSet<ErrorCode>();
    for (var reader : readers) {
      if (reader.receiveMessage() instanceof ReaderMessage.Event(TokenEvent.Failed failed)) {
        codes.add(failed.refusal().code());
      }
    }
    assertThat(codes).containsExactly(ErrorCode.QUEUE_FULL);
  }

  @Test
  void a_probe_tells_how_far_a_sequence_is_and_that_an_ended_one_is_unknown() {
    var device = device();
    var delta = attach(device);
    var request = Requests.to("support").tokens(9).build();
    var reader = submit(device, request, 2, delta);
    accepted(reader);
    reader.receiveMessage();
    reader.receiveMessage();
    device.tell(new DeviceActor.Probe(request.id(), reader.getRef()));
    assertThat(reader.receiveMessage()).isEqualTo(new ReaderMessage.Status(request.id(), 2));
    device.tell(new DeviceActor.Cancel(request.id()));
    device.tell(new DeviceActor.Probe(request.id(), reader.getRef()));
    assertThat(reader.receiveMessage()).isEqualTo(new ReaderMessage.Unknown(request.id()));
  }

  @Test
  void weights_are_freed_after_the_last_sequence_and_not_before() {
    engine.hold();
    var device = device();
    var delta = attach(device);
    var request = Requests.to("support").tokens(3).build();
    var reader = submit(device, request, 100, delta);
    accepted(reader);
    device.tell(new DeviceActor.Release(delta));
    engine.allowSteps(1);
    reader.receiveMessage();
    assertThat(engine.deltas.resident()).contains(delta);
    engine.letGo();
    owner.expectMessage(new DeltaEntity.Released(delta));
    assertThat(engine.deltas.resident()).isEmpty();
  }

  @Test
  void an_owner_that_ends_has_let_go() {
    TestProbe<DeltaEntity.Command> mortal = KIT.createTestProbe();
    var device = device();
    var delta = loader.load(SUPPORT, _ -> {}).join();
    device.tell(new DeviceActor.Attach(delta, mortal.getRef()));
    mortal.stop();
    Kits.await(owner, () -> assertThat(engine.deltas.resident()).isEmpty());
  }

  @Test
  void the_owner_learns_when_nothing_uses_its_weights() {
    var device = device();
    var delta = attach(device);
    var request = Requests.to("support").build();
    var reader = submit(device, request, 100, delta);
    accepted(reader);
    tokens(reader, request);
    owner.expectMessage(new DeltaEntity.Unused(delta, 1));
  }

  @Test
  void draining_lets_sequences_end_and_refuses_new_ones() {
    engine.hold();
    TestProbe<Done> drained = KIT.createTestProbe();
    var device = device();
    var delta = attach(device);
    var running = Requests.to("support").tokens(4).build();
    var reader = submit(device, running, 100, delta);
    accepted(reader);
    device.tell(new DeviceActor.Drain(drained.getRef()));
    var refused = submit(device, Requests.to("support").build(), 100, delta);
    engine.letGo();
    assertThat(failure(refused)).isEqualTo(ErrorCode.SHUTTING_DOWN);
    assertThat(tokens(reader, running)).isEqualTo(FakeEngine.tokens(running));
    drained.receiveMessage();
  }

  @Test
  void stopping_fails_what_runs_and_frees_all_weights() {
    var device = device();
    var delta = attach(device);
    var request = Requests.to("support").tokens(9).build();
    var reader = submit(device, request, 1, delta);
    accepted(reader);
    reader.receiveMessage();
    device.tell(new DeviceActor.Stop());
    assertThat(failure(reader)).isEqualTo(ErrorCode.SHUTTING_DOWN);
    reader.expectTerminated(device);
    Kits.await(reader, () -> assertThat(engine.deltas.resident()).isEmpty());
  }

  @Test
  void a_request_that_is_asked_again_goes_to_its_new_reader_only() {
    var device = device();
    var delta = attach(device);
    var request = Requests.to("support").tokens(3).build();
    var first = submit(device, request, 1, delta);
    accepted(first);
    first.receiveMessage();
    var second = submit(device, request, 9, delta);
    accepted(second);
    first.stop();
    for (int i = 0; i < 3; i++) {
      var event = second.expectMessageClass(ReaderMessage.Event.class).event();
      assertThat(((TokenEvent.Token) event).index()).isEqualTo(i);
    }
    assertThat(second.expectMessageClass(ReaderMessage.Event.class).event())
        .isInstanceOf(TokenEvent.Finished.class);
  }

  @Test
  void a_device_that_breaks_ends_its_streams_with_a_word() {
    var device = device();
    var delta = attach(device);
    var request = Requests.to("support").tokens(9).build();
    var reader = submit(device, request, 1, delta);
    accepted(reader);
    reader.receiveMessage();
    var never = new LoadedDelta(SUPPORT, 99, FakeDeltaStore.VOCABULARY, Bytes.ZERO, "first", 1);
    device.tell(new DeviceActor.Submit(request, 1, never, reader.getRef()));
    assertThat(failure(reader)).isEqualTo(ErrorCode.STREAM_BROKEN);
    reader.expectTerminated(device);
  }

  private ActorRef<DeviceActor.Command> device() {
    return device(SchedulerRules.FIRST_COME);
  }

  private ActorRef<DeviceActor.Command> device(SchedulerRules rules) {
    var device =
        KIT.spawn(
            DeviceActor.create(
                new DeviceActor.Parts(
                    new Scheduler(engine.limits(), rules),
                    engine,
                    loader,
                    metrics,
                    MonotonicClock.SYSTEM)),
            DispatcherSelector.fromConfig(NodeSettings.DEVICE_DISPATCHER));
    devices.add(device);
    return device;
  }

  private LoadedDelta attach(ActorRef<DeviceActor.Command> device) {
    LoadedDelta delta = loader.load(SUPPORT, _ -> {}).join();
    device.tell(new DeviceActor.Attach(delta, owner.getRef()));
    return delta;
  }

  private static TestProbe<ReaderMessage> submit(
      ActorRef<DeviceActor.Command> device,
      GenerationRequest request,
      int credit,
      LoadedDelta delta) {
    TestProbe<ReaderMessage> reader = KIT.createTestProbe();
    device.tell(new DeviceActor.Submit(request, credit, delta, reader.getRef()));
    return reader;
  }

  private static void accepted(TestProbe<ReaderMessage> reader) {
    reader.expectMessageClass(ReaderMessage.Accepted.class);
  }

  private static List<Integer> tokens(TestProbe<ReaderMessage> reader, GenerationRequest request) {
    var tokens = new ArrayList<Integer>();
    for (; ; ) {
      switch (reader.expectMessageClass(ReaderMessage.Event.class).event()) {
        case TokenEvent.Token token -> {
          assertThat(token.index()).isEqualTo(tokens.size());
          tokens.add(token.token());
        }
        case TokenEvent.Finished(_, var reason, var usage, _) -> {
          assertThat(reason).isEqualTo(FinishReason.LENGTH);
          assertThat(usage).isEqualTo(new Usage(request.prompt().count(), tokens.size()));
          return tokens;
        }
        case TokenEvent.PromptRead _ -> throw new AssertionError("nobody asked for the prompt");
        case TokenEvent.Failed failed -> throw new AssertionError("failed: " + failed);
      }
    }
  }

  private static ErrorCode failure(TestProbe<ReaderMessage> reader) {
    var event = reader.expectMessageClass(ReaderMessage.Event.class).event();
    assertThat(event).isInstanceOf(TokenEvent.Failed.class);
    return ((TokenEvent.Failed) event).refusal().code();
  }

  private void awaitEmpty() {
    Kits.await(owner, () -> Nodes.assertEmpty(metrics.read()));
  }
}
