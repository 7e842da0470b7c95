package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;
import tributary.scheduling.placement.ExecutorReport;
import tributary.scheduling.placement.ReplicaRules;

class ReplicaKeeperTest {
  private static final ActorTestKit KIT = Kits.local("keeper");
  private static final DeltaId HOT = new DeltaId("hot");
  private static final String VERSION = FileDeltaStore.CONFIGURED;
  private static final DeltaEntity.Settings PATIENT =
      new DeltaEntity.Settings(
          Duration.ofMinutes(5),
          Duration.ofMinutes(5),
          4,
          Duration.ofMillis(10),
          Duration.ofMillis(100));

  private final FakeDeltaStore store = new FakeDeltaStore();
  private final NodeMetrics metrics = new NodeMetrics(Set.of(HOT), 1);
  private final TestProbe<DeviceActor.Command> device = KIT.createTestProbe();
  private final TestProbe<DeltaEntity.Command> home = KIT.createTestProbe();
  private final TestProbe<ReplicaKeeper.Command> otherKeeper = KIT.createTestProbe();
  private final TestProbe<ExecutorNews.Hosting> answers = KIT.createTestProbe();
  private final PlacementBoard board =
      new PlacementBoard(Duration.ofMinutes(5), MonotonicClock.SYSTEM);

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void a_replica_is_told_of_before_it_is_loaded_and_takes_requests_after() {
    store.hold();
    var keeper = keeper();
    keeper.tell(new ReplicaKeeper.Host(HOT));
    assertThat(copies(keeper)).extracting(ExecutorNews.Copy::version).containsExactly("");
    store.letGo();
    var request = Requests.to("hot").build();
    TestProbe<ReaderMessage> reader = KIT.createTestProbe();
    hosted(keeper).tell(new DeltaEntity.Generate(request, 8, reader.getRef()));
    assertThat(device.expectMessageClass(DeviceActor.Submit.class).request()).isEqualTo(request);
    keeper.tell(new ReplicaKeeper.Host(HOT));
    assertThat(copies(keeper)).as("asked again").hasSize(1);
  }

  @Test
  void a_replica_that_leaves_sends_what_still_comes_home_and_cuts_nothing() {
    var keeper = keeper();
    keeper.tell(new ReplicaKeeper.Host(HOT));
    ActorRef<DeltaEntity.Command> replica = hosted(keeper);
    keeper.tell(new ReplicaKeeper.Leave(HOT));
    assertThat(copies(keeper)).isEmpty();
    TestProbe<ReaderMessage> reader = KIT.createTestProbe();
    var late = new DeltaEntity.Generate(Requests.to("hot").build(), 8, reader.getRef());
    replica.tell(late);
    home.expectMessage(late);
    var cancel = new DeltaEntity.Cancel(new RequestId("late"));
    replica.tell(cancel);
    home.expectMessage(cancel);
    assertThat(store.resident()).as("is the device's to free").hasSize(1);
  }

  @Test
  void where_the_home_comes_to_a_replica_leaves_and_none_comes() {
    var keeper = keeper();
    keeper.tell(new ReplicaKeeper.Host(HOT));
    hosted(keeper);
    keeper.tell(new ReplicaKeeper.HomeHere(HOT, home.getRef()));
    assertThat(copies(keeper)).isEmpty();
    keeper.tell(new ReplicaKeeper.Host(HOT));
    assertThat(copies(keeper)).isEmpty();
    home.stop();
    Kits.await(
        answers,
        () -> {
          keeper.tell(new ReplicaKeeper.Host(HOT));
          assertThat(copies(keeper)).hasSize(1);
        });
  }

  @Test
  void a_replica_takes_no_memory_of_a_variant_in_use_but_that_of_an_idle_one() {
    store.sizes(10);
    var loader = Kits.loader(KIT, store, Kits.memory(10));
    LoadedDelta used =
        loader
            .load(
                new DeltaId("other"),
                evicted -> {
                  var _ = loader.unload(evicted);
                })
            .join();
    var keeper = keeper(loader);
    keeper.tell(new ReplicaKeeper.Host(HOT));
    Kits.await(answers, () -> assertThat(copies(keeper)).isEmpty());
    assertThat(store.resident()).containsExactly(used);
    assertThat(store.loads(HOT)).isZero();

    loader.used(used, false);
    keeper.tell(new ReplicaKeeper.Host(HOT));
    hosted(keeper);
    assertThat(store.resident()).doesNotContain(used);
  }

  @Test
  void a_replica_follows_a_new_version_and_leaves_when_the_variant_is_gone() {
    var keeper = keeper();
    keeper.tell(new ReplicaKeeper.Host(HOT));
    hosted(keeper);
    store.version("second");
    keeper.tell(new ReplicaKeeper.Refresh(HOT));
    Kits.await(
        answers,
        () ->
            assertThat(copies(keeper))
                .extracting(ExecutorNews.Copy::version)
                .containsExactly("second"));
    store.remove(new IllegalStateException("drained"));
    keeper.tell(new ReplicaKeeper.Refresh(HOT));
    Kits.await(answers, () -> assertThat(copies(keeper)).isEmpty());
  }

  @Test
  void a_hot_variant_grows_onto_another_executor_and_gives_it_up_when_it_cools_down() {
    var keeper = keeper();
    keeper.tell(new ReplicaKeeper.HomeHere(HOT, home.getRef()));
    metrics.loaded(HOT, VERSION);
    metrics.tier(HOT, this, Tier.RESIDENT);
    other(List.of());
    assertThat(review(keeper, 1_001)).containsExactly(copy(1_001, null));
    otherKeeper.expectMessage(new ReplicaKeeper.Host(HOT));
    TestProbe<DeltaEntity.Command> replica = KIT.createTestProbe();
    other(List.of(copy(100, replica.getRef())));
    assertThat(review(keeper, 101)).as("shares its home's load").hasSize(1);
    other(List.of(copy(0, replica.getRef())));
    assertThat(review(keeper, 100)).hasSize(1);
    otherKeeper.expectMessage(new ReplicaKeeper.Leave(HOT));
  }

  @Test
  void a_variant_whose_home_is_elsewhere_is_not_decided_on() {
    var keeper = keeper();
    metrics.tier(HOT, this, Tier.RESIDENT);
    other(List.of());
    assertThat(review(keeper, 50_000)).isEmpty();
    otherKeeper.expectNoMessage(Duration.ZERO);
  }

  @Test
  void the_home_of_a_busy_replica_is_woken_when_nobody_tells_of_it() {
    var keeper = keeper();
    keeper.tell(new ReplicaKeeper.Host(HOT));
    hosted(keeper);
    other(List.of(copy(5, null)));
    assertThat(review(keeper, 10)).hasSize(1);
    other(List.of());
    assertThat(review(keeper, 10)).hasSize(1);
    home.expectMessage(new DeltaEntity.Refresh(DeltaEntity.Refresh.Eagerness.NOW));
    home.expectNoMessage(Duration.ZERO);
  }

  @Test
  void a_closed_keeper_has_no_replicas_and_takes_none() {
    var keeper = keeper();
    keeper.tell(new ReplicaKeeper.Host(HOT));
    hosted(keeper);
    keeper.tell(new ReplicaKeeper.Close());
    assertThat(copies(keeper)).isEmpty();
    keeper.tell(new ReplicaKeeper.Host(HOT));
    assertThat(copies(keeper)).isEmpty();
  }

  private ActorRef<ReplicaKeeper.Command> keeper() {
    return keeper(Kits.loader(KIT, store, Kits.AMPLE));
  }

  /** Grows above 1000 tokens and shrinks at 100, at once. */
  private ActorRef<ReplicaKeeper.Command> keeper(DeltaLoader loader) {
    return KIT.spawn(
        ReplicaKeeper.create(
            new ReplicaKeeper.Parts(
                new DeltaEntity.Parts(device.getRef(), loader, metrics, PATIENT),
                _ -> home.getRef(),
                board,
                _ -> true,
                new ReplicaRules(new ReplicaRules.Limits(2, 1_000, Nanos.ZERO, 100, Nanos.ZERO)),
                MonotonicClock.SYSTEM,
                "here",
                Duration.ofMinutes(5))));
  }

  private void other(List<ExecutorNews.Copy> copies) {
    board.put(
        new ExecutorNews(
            "other",
            new ExecutorReport(new Bytes(1), new Bytes(0), Map.of()),
            new ExecutorNews.Hosting(otherKeeper.getRef(), copies)));
  }

  private static ExecutorNews.Copy copy(
      long waiting, @Nullable ActorRef<DeltaEntity.Command> replica) {
    return new ExecutorNews.Copy(HOT, VERSION, waiting, replica);
  }

  private List<ExecutorNews.Copy> copies(ActorRef<ReplicaKeeper.Command> keeper) {
    return review(keeper, 0);
  }

  private List<ExecutorNews.Copy> review(ActorRef<ReplicaKeeper.Command> keeper, long waiting) {
    keeper.tell(new ReplicaKeeper.Review(Map.of(HOT, waiting), answers.getRef()));
    return answers.receiveMessage().copies();
  }

  /** The keeper's one replica, when it is loaded. */
  private ActorRef<DeltaEntity.Command> hosted(ActorRef<ReplicaKeeper.Command> keeper) {
    Kits.await(
        answers,
        () ->
            assertThat(copies(keeper))
                .extracting(ExecutorNews.Copy::version)
                .containsExactly(VERSION));
    device.expectMessageClass(DeviceActor.Attach.class);
    return Objects.requireNonNull(copies(keeper).getFirst().replica());
  }
}
