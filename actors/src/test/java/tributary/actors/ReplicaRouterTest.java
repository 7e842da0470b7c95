package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.Nanos;
import tributary.scheduling.placement.ExecutorReport;

class ReplicaRouterTest {
  private static final ActorTestKit KIT = Kits.local("router");
  private static final DeltaId HOT = new DeltaId("hot");
  private static final TestProbe<ReplicaKeeper.Command> KEEPER = KIT.createTestProbe();

  private final ActorRef<DeltaEntity.Command> home = probe();
  private final ActorRef<DeltaEntity.Command> replica = probe();
  private final ActorRef<DeltaEntity.Command> other = probe();
  private final Set<String> outOfReach = new HashSet<>();
  private Nanos now = Nanos.ZERO;
  private String version = "v1";
  private final PlacementBoard board = new PlacementBoard(Duration.ofSeconds(10), () -> now);
  private final ReplicaRouter router =
      new ReplicaRouter(board, _ -> version, at -> !outOfReach.contains(at), _ -> home);

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void without_replicas_the_home_takes_all() {
    assertThat(route()).isEqualTo(home);
    tell("a", 5_000, copy("v1", null));
    assertThat(route()).isEqualTo(home);
  }

  @Test
  void the_executor_with_the_fewest_waiting_tokens_takes_it_and_of_equal_ones_the_home() {
    tell("b", 300, copy("v1", replica));
    tell("a", 300, copy("v1", null));
    assertThat(route()).isEqualTo(home);
    tell("a", 301, copy("v1", null));
    assertThat(route()).isEqualTo(replica);
    tell("c", 299, copy("v1", other));
    assertThat(route()).isEqualTo(other);
  }

  @Test
  void what_was_sent_since_counts_until_the_executor_tells_again() {
    tell("a", 0, copy("v1", null));
    tell("b", 0, copy("v1", replica));
    assertThat(List.of(route(), route(), route(), route()))
        .containsExactly(home, replica, home, replica);
    tell("a", 0, copy("v1", null));
    assertThat(List.of(route(), route(), route())).containsExactly(home, home, home);
  }

  @Test
  void a_replica_that_is_loading_or_serves_another_version_gets_nothing() {
    tell("a", 9_000, copy("v1", null));
    tell("b", 0, copy("", replica));
    assertThat(route()).isEqualTo(home);
    tell("b", 0, copy("v0", replica));
    assertThat(route()).isEqualTo(home);
    tell("b", 0, copy("v1", replica));
    assertThat(route()).isEqualTo(replica);
  }

  @Test
  void until_the_home_serves_a_new_version_no_replica_does() {
    tell("a", 9_000, copy("v1", null));
    tell("b", 0, copy("v1", replica));
    version = "v2";
    assertThat(route()).isEqualTo(home);
    tell("b", 0, copy("v2", replica));
    assertThat(route()).as("one that is ahead of its home").isEqualTo(home);
    tell("a", 9_000, copy("v2", null));
    assertThat(route()).isEqualTo(replica);
  }

  @Test
  void who_is_out_of_reach_or_told_nothing_lately_gets_nothing() {
    tell("a", 9_000, copy("v1", null));
    tell("b", 0, copy("v1", replica));
    outOfReach.add("b");
    assertThat(route()).isEqualTo(home);
    outOfReach.clear();
    now = Nanos.ofMillis(10_001);
    tell("a", 9_000, copy("v1", null));
    assertThat(route()).isEqualTo(home);
  }

  @Test
  void while_the_home_is_lost_replicas_take_all() {
    tell("a", 0, copy("v1", null));
    tell("b", 9_000, copy("v1", replica));
    outOfReach.add("a");
    assertThat(route()).isEqualTo(replica);
  }

  private Object route() {
    return router.route(Requests.to(HOT.name()).build());
  }

  private void tell(String address, long waiting, ExecutorNews.Copy copy) {
    var report = new ExecutorReport(new Bytes(1), new Bytes(0), Map.of("0", waiting));
    board.put(
        new ExecutorNews(
            address, report, new ExecutorNews.Hosting(KEEPER.getRef(), List.of(copy))));
  }

  private static ExecutorNews.Copy copy(
      String version, @Nullable ActorRef<DeltaEntity.Command> replica) {
    return new ExecutorNews.Copy(HOT, version, 0, replica);
  }

  private static ActorRef<DeltaEntity.Command> probe() {
    return KIT.<DeltaEntity.Command>createTestProbe().getRef();
  }
}
