package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.TokenEvent;
import tributary.protocol.TributaryException;

class DeltaEntityTest {
  private static final ActorTestKit KIT = Kits.local("entity");
  private static final DeltaId SUPPORT = new DeltaId("support");

  /** Bounds out of reach; a test that goes past one sets it. */
  private static final DeltaEntity.Settings PATIENT =
      new DeltaEntity.Settings(
          Duration.ofMinutes(1),
          Duration.ofMinutes(10),
          4,
          Duration.ofMillis(20),
          Duration.ofMillis(40));

  private final FakeDeltaStore store = new FakeDeltaStore();
  private final NodeMetrics metrics = new NodeMetrics(Set.of(SUPPORT), 1);
  private final TestProbe<DeviceActor.Command> device = KIT.createTestProbe();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @AfterEach
  void letLoadsEnd() {
    store.letGo();
  }

  @Test
  void a_cold_request_loads_and_goes_to_the_device_with_its_weights() {
    var entity = entity(PATIENT);
    assertThat(tier()).isEqualTo(Tier.COLD);
    var request = Requests.to("support").build();
    var reader = generate(entity, request);
    var attach = device.expectMessageClass(DeviceActor.Attach.class);
    assertThat(attach.owner()).isEqualTo(entity);
    device.expectMessage(new DeviceActor.Submit(request, 8, attach.delta(), reader.getRef()));
    assertThat(tier()).isEqualTo(Tier.RESIDENT);

    var next = Requests.to("support").build();
    var nextReader = generate(entity, next);
    device.expectMessage(new DeviceActor.Submit(next, 8, attach.delta(), nextReader.getRef()));
    assertThat(store.loads(SUPPORT)).isEqualTo(1);
  }

  @Test
  void those_who_wait_are_served_in_order_and_one_too_many_is_refused() {
    store.hold();
    var entity = entity(PATIENT);
    var requests = Stream.generate(() -> Requests.to("support").build()).limit(4).toList();
    requests.forEach(request -> generate(entity, request));
    var tooMany = generate(entity, Requests.to("support").build());
    assertThat(refusal(tooMany).code()).isEqualTo(ErrorCode.QUEUE_FULL);
    assertThat(tier()).isEqualTo(Tier.LOADING);
    store.letGo();
    device.expectMessageClass(DeviceActor.Attach.class);
    assertThat(device.receiveSeveralMessages(4))
        .map(message -> ((DeviceActor.Submit) message).request())
        .isEqualTo(requests);
  }

  @Test
  void whoever_withdraws_while_waiting_is_not_submitted() {
    store.hold();
    var entity = entity(PATIENT);
    var gone = Requests.to("support").build();
    var stays = Requests.to("support").build();
    generate(entity, gone);
    generate(entity, stays);
    entity.tell(new DeltaEntity.Cancel(gone.id()));
    store.letGo();
    device.expectMessageClass(DeviceActor.Attach.class);
    assertThat(device.expectMessageClass(DeviceActor.Submit.class).request()).isEqualTo(stays);
  }

  @Test
  void whoever_withdraws_after_the_load_is_withdrawn_at_the_device() {
    var entity = entity(PATIENT);
    var request = Requests.to("support").build();
    generate(entity, request);
    device.receiveSeveralMessages(2);
    entity.tell(new DeltaEntity.Cancel(request.id()));
    device.expectMessage(new DeviceActor.Cancel(request.id()));
  }

  @Test
  void a_failed_load_refuses_with_its_code_and_after_a_pause_the_next_try_works() {
    store.failNext(new TributaryException(ErrorCode.DELTA_CHECKSUM, "plane 0 is damaged"));
    var entity = entity(PATIENT);
    var refusal = refusal(generate(entity, Requests.to("support").build()));
    assertThat(refusal.code()).isEqualTo(ErrorCode.DELTA_UNAVAILABLE);
    assertThat(refusal.message()).contains("delta_checksum", "plane 0 is damaged", "support");
    assertThat(refusal.retryAfter()).isEqualTo(Nanos.ofMillis(20));

    Kits.await(
        device,
        () -> {
          generate(entity, Requests.to("support").build());
          device.expectMessageClass(DeviceActor.Attach.class, Duration.ofMillis(50));
        });
    assertThat(store.loads(SUPPORT)).isEqualTo(2);
  }

  @Test
  void during_the_pause_no_load_is_tried() {
    store.failNext(new TributaryException(ErrorCode.FILE_NOT_FOUND, "gone"));
    var entity =
        entity(
            new DeltaEntity.Settings(
                PATIENT.loadTimeout(),
                PATIENT.idleUnload(),
                4,
                Duration.ofMinutes(1),
                Duration.ofMinutes(1)));
    refusal(generate(entity, Requests.to("support").build()));
    var again = refusal(generate(entity, Requests.to("support").build()));
    assertThat(again.code()).isEqualTo(ErrorCode.DELTA_UNAVAILABLE);
    assertThat(again.message()).contains("file_not_found");
    assertThat(store.loads(SUPPORT)).isEqualTo(1);
  }

  @Test
  void an_unexpected_fault_shows_callers_no_inner_detail() {
    store.failNext(new IllegalStateException("secret path"));
    var entity = entity(PATIENT);
    var refusal = refusal(generate(entity, Requests.to("support").build()));
    assertThat(refusal.code()).isEqualTo(ErrorCode.DELTA_UNAVAILABLE);
    assertThat(refusal.message()).contains("internal").doesNotContain("secret");
  }

  @Test
  void an_overdue_load_refuses_starts_no_second_one_and_counts_when_it_comes() {
    store.hold();
    var entity =
        entity(
            new DeltaEntity.Settings(
                Duration.ofMillis(50), PATIENT.idleUnload(), 4, Duration.ZERO, Duration.ZERO));
    assertThat(refusal(generate(entity, Requests.to("support").build())).code())
        .isEqualTo(ErrorCode.DELTA_UNAVAILABLE);
    assertThat(refusal(generate(entity, Requests.to("support").build())).code())
        .isEqualTo(ErrorCode.DELTA_UNAVAILABLE);
    store.letGo();
    device.expectMessageClass(DeviceActor.Attach.class);
    var request = Requests.to("support").build();
    generate(entity, request);
    assertThat(device.expectMessageClass(DeviceActor.Submit.class).request()).isEqualTo(request);
    assertThat(store.loads(SUPPORT)).isEqualTo(1);
  }

  @Test
  void an_idle_variant_is_released_and_loads_again_when_asked() {
    var entity = entity(idleAfter(Duration.ofMillis(50)));
    generate(entity, Requests.to("support").build());
    var delta = device.expectMessageClass(DeviceActor.Attach.class).delta();
    device.expectMessageClass(DeviceActor.Submit.class);
    entity.tell(new DeltaEntity.Unused(delta, 1));
    device.expectMessage(new DeviceActor.Release(delta));
    assertThat(tier()).isEqualTo(Tier.RETIRING);

    var request = Requests.to("support").build();
    generate(entity, request);
    device.expectNoMessage(Duration.ofMillis(100));
    entity.tell(new DeltaEntity.Released(delta));
    var again = device.expectMessageClass(DeviceActor.Attach.class).delta();
    assertThat(again).isNotEqualTo(delta);
    assertThat(device.expectMessageClass(DeviceActor.Submit.class).request()).isEqualTo(request);
  }

  @Test
  void a_released_variant_that_nobody_wants_is_cold() {
    var entity = entity(idleAfter(Duration.ofMillis(50)));
    generate(entity, Requests.to("support").build());
    var delta = device.expectMessageClass(DeviceActor.Attach.class).delta();
    device.expectMessageClass(DeviceActor.Submit.class);
    entity.tell(new DeltaEntity.Unused(delta, 1));
    device.expectMessageClass(DeviceActor.Release.class);
    entity.tell(new DeltaEntity.Released(delta));
    Kits.await(device, () -> assertThat(tier()).isEqualTo(Tier.COLD));
  }

  @Test
  void an_old_report_of_idleness_does_not_release_what_is_in_use() {
    var entity = entity(idleAfter(Duration.ofMillis(30)));
    generate(entity, Requests.to("support").build());
    var delta = device.expectMessageClass(DeviceActor.Attach.class).delta();
    device.expectMessageClass(DeviceActor.Submit.class);
    generate(entity, Requests.to("support").build());
    device.expectMessageClass(DeviceActor.Submit.class);
    entity.tell(new DeltaEntity.Unused(delta, 1));
    device.expectNoMessage(Duration.ofMillis(150));
    entity.tell(new DeltaEntity.Unused(delta, 2));
    device.expectMessage(new DeviceActor.Release(delta));
  }

  @Test
  void it_stops_in_every_state_and_those_who_wait_see_it() {
    var cold = entity(PATIENT);
    stopped(cold);

    store.failNext(new TributaryException(ErrorCode.FILE_NOT_FOUND, "gone"));
    var backingOff = entity(PATIENT);
    refusal(generate(backingOff, Requests.to("support").build()));
    stopped(backingOff);

    var resident = entity(PATIENT);
    generate(resident, Requests.to("support").build());
    device.receiveSeveralMessages(2);
    stopped(resident);

    var retiring = entity(idleAfter(Duration.ofMillis(1)));
    generate(retiring, Requests.to("support").build());
    var delta = device.expectMessageClass(DeviceActor.Attach.class).delta();
    device.expectMessageClass(DeviceActor.Submit.class);
    retiring.tell(new DeltaEntity.Unused(delta, 1));
    device.expectMessageClass(DeviceActor.Release.class);
    stopped(retiring);

    store.hold();
    var loading = entity(PATIENT);
    var waiting = generate(loading, Requests.to("support").build());
    assertThat(waiting.expectMessageClass(ReaderMessage.Received.class).by()).isEqualTo(loading);
    stopped(loading);
    waiting.expectTerminated(loading);
  }

  @Test
  void a_load_that_ends_after_its_entity_is_given_back() {
    store.hold();
    var entity = entity(PATIENT);
    generate(entity, Requests.to("support").build());
    stopped(entity);
    store.letGo();
    Kits.await(
        device,
        () -> {
          assertThat(store.loads(SUPPORT)).isEqualTo(1);
          assertThat(store.resident()).isEmpty();
        });
  }

  @Test
  void without_its_device_everything_is_refused() {
    var entity = entity(PATIENT);
    generate(entity, Requests.to("support").build());
    device.receiveSeveralMessages(2);
    device.stop();
    Kits.await(
        device,
        () -> {
          var reader = generate(entity, Requests.to("support").build());
          var event = reader.expectMessageClass(ReaderMessage.Event.class, Duration.ofMillis(200));
          assertThat(((TokenEvent.Failed) event.event()).refusal().code())
              .isEqualTo(ErrorCode.SHUTTING_DOWN);
        });
  }

  // Versions and memory.

  @Test
  void a_newer_version_is_loaded_beside_the_old_one_and_takes_over() {
    var entity = entity(PATIENT);
    generate(entity, Requests.to("support").build());
    LoadedDelta old = device.expectMessageClass(DeviceActor.Attach.class).delta();
    device.expectMessageClass(DeviceActor.Submit.class);

    store.hold();
    store.version("second");
    entity.tell(new DeltaEntity.Refresh(DeltaEntity.Refresh.Eagerness.WHEN_ASKED));
    Kits.await(device, () -> assertThat(store.loads(SUPPORT)).isEqualTo(1));
    generate(entity, Requests.to("support").build());
    assertThat(device.expectMessageClass(DeviceActor.Submit.class).delta())
        .as("while the new one is loading")
        .isEqualTo(old);

    store.letGo();
    device.expectMessage(new DeviceActor.Release(old));
    LoadedDelta next = device.expectMessageClass(DeviceActor.Attach.class).delta();
    assertThat(next.version()).isEqualTo("second");
    generate(entity, Requests.to("support").build());
    assertThat(device.expectMessageClass(DeviceActor.Submit.class).delta()).isEqualTo(next);
  }

  @Test
  void a_version_that_cannot_be_loaded_leaves_the_old_one_in_service() {
    var entity = entity(PATIENT);
    generate(entity, Requests.to("support").build());
    LoadedDelta old = device.expectMessageClass(DeviceActor.Attach.class).delta();
    device.expectMessageClass(DeviceActor.Submit.class);
    store.version("second");
    store.failNext(new TributaryException(ErrorCode.DELTA_CHECKSUM, "plane 0 is damaged"));
    entity.tell(new DeltaEntity.Refresh(DeltaEntity.Refresh.Eagerness.WHEN_ASKED));
    Kits.await(device, () -> assertThat(store.loads(SUPPORT)).isEqualTo(2));
    generate(entity, Requests.to("support").build());
    assertThat(device.expectMessageClass(DeviceActor.Submit.class).delta()).isEqualTo(old);
  }

  @Test
  void a_variant_that_is_gone_is_let_go_and_asked_for_in_vain() {
    var entity = entity(PATIENT);
    generate(entity, Requests.to("support").build());
    LoadedDelta old = device.expectMessageClass(DeviceActor.Attach.class).delta();
    device.expectMessageClass(DeviceActor.Submit.class);
    store.remove(new TributaryException(ErrorCode.MODEL_NOT_FOUND, "no such model"));
    entity.tell(new DeltaEntity.Refresh(DeltaEntity.Refresh.Eagerness.WHEN_ASKED));
    device.expectMessage(new DeviceActor.Release(old));
    entity.tell(new DeltaEntity.Released(old));
    assertThat(refusal(generate(entity, Requests.to("support").build())).message())
        .contains("no such model");
  }

  @Test
  void a_pinned_variant_is_loaded_before_anybody_asks() {
    var entity = entity(PATIENT);
    entity.tell(new DeltaEntity.Refresh(DeltaEntity.Refresh.Eagerness.NOW));
    device.expectMessageClass(DeviceActor.Attach.class);
  }

  @Test
  void a_variant_that_must_make_room_comes_back_when_it_is_asked_for() {
    var entity = entity(PATIENT);
    generate(entity, Requests.to("support").build());
    LoadedDelta first = device.expectMessageClass(DeviceActor.Attach.class).delta();
    device.expectMessageClass(DeviceActor.Submit.class);
    entity.tell(new DeltaEntity.Evict(first));
    device.expectMessage(new DeviceActor.Release(first));
    var request = Requests.to("support").build();
    generate(entity, request);
    entity.tell(new DeltaEntity.Released(first));
    assertThat(device.expectMessageClass(DeviceActor.Attach.class).delta()).isNotEqualTo(first);
    assertThat(device.expectMessageClass(DeviceActor.Submit.class).request()).isEqualTo(request);
  }

  @Test
  void a_replica_loads_at_once_and_ends_when_it_is_idle() {
    var replica = replica(idleAfter(Duration.ofMillis(10)));
    LoadedDelta loaded = device.expectMessageClass(DeviceActor.Attach.class).delta();
    device.expectTerminated(replica);
    assertThat(tier()).isEqualTo(Tier.COLD);
    assertThat(store.resident()).as("is the device's to free").containsExactly(loaded);
  }

  @Test
  void a_replica_that_cannot_load_ends_without_refusing_anybody() {
    store.hold();
    store.failNext(new TributaryException(ErrorCode.DELTA_CHECKSUM, "plane 0 is damaged"));
    var replica = replica(PATIENT);
    var reader = generate(replica, Requests.to("support").build());
    assertThat(reader.receiveMessage()).isInstanceOf(ReaderMessage.Received.class);
    store.letGo();
    device.expectTerminated(replica);
    reader.expectNoMessage(Duration.ZERO);
  }

  @Test
  void a_replica_that_cannot_load_a_new_version_ends_rather_than_serve_the_old_one() {
    var replica = replica(PATIENT);
    device.expectMessageClass(DeviceActor.Attach.class);
    store.version("second");
    store.failNext(new TributaryException(ErrorCode.DELTA_CHECKSUM, "plane 0 is damaged"));
    replica.tell(new DeltaEntity.Refresh(DeltaEntity.Refresh.Eagerness.WHEN_ASKED));
    device.expectTerminated(replica);
  }

  @Test
  void where_a_replica_ends_and_a_home_loads_the_home_is_what_counts() {
    var replica = replica(PATIENT);
    device.expectMessageClass(DeviceActor.Attach.class);
    var home = entity(PATIENT);
    generate(home, Requests.to("support").build());
    device.expectMessageClass(DeviceActor.Attach.class);
    stopped(replica);
    assertThat(tier()).isEqualTo(Tier.RESIDENT);
  }

  private ActorRef<DeltaEntity.Command> replica(DeltaEntity.Settings settings) {
    var loader = Kits.loader(KIT, store, Kits.AMPLE);
    return KIT.spawn(
        DeltaEntity.replica(
            SUPPORT, new DeltaEntity.Parts(device.getRef(), loader, metrics, settings)));
  }

  private static DeltaEntity.Settings idleAfter(Duration idle) {
    return new DeltaEntity.Settings(
        PATIENT.loadTimeout(), idle, 4, PATIENT.backOffMin(), PATIENT.backOffMax());
  }

  private ActorRef<DeltaEntity.Command> entity(DeltaEntity.Settings settings) {
    var loader = Kits.loader(KIT, store, Kits.AMPLE);
    return KIT.spawn(
        DeltaEntity.create(
            SUPPORT, new DeltaEntity.Parts(device.getRef(), loader, metrics, settings)));
  }

  private static TestProbe<ReaderMessage> generate(
      ActorRef<DeltaEntity.Command> entity, GenerationRequest request) {
    TestProbe<ReaderMessage> reader = KIT.createTestProbe();
    entity.tell(new DeltaEntity.Generate(request, 8, reader.getRef()));
    return reader;
  }

  private static Refusal refusal(TestProbe<ReaderMessage> reader) {
    ReaderMessage message = reader.receiveMessage();
    if (message instanceof ReaderMessage.Received) {
      message = reader.receiveMessage();
    }
    assertThat(message).isInstanceOf(ReaderMessage.Event.class);
    return ((TokenEvent.Failed) ((ReaderMessage.Event) message).event()).refusal();
  }

  private void stopped(ActorRef<DeltaEntity.Command> entity) {
    entity.tell(new DeltaEntity.Stop());
    device.expectTerminated(entity);
  }

  private Tier tier() {
    return Nodes.delta(metrics.read(), SUPPORT).tier();
  }
}
