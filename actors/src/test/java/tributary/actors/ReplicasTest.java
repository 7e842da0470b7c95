package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.stream.javadsl.Sink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tributary.config.ServerConfig;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.TokenEvent;

/** Two members in one process, and a variant that is too much for one of them. */
class ReplicasTest {
  private static final DeltaId HOT = new DeltaId("hot");

  /** More than grow-tokens wait when these do. */
  private static final int CROWD = 20;

  private static final ServerConfig.Replicas EAGER =
      new ServerConfig.Replicas(2, 100, Duration.ofMillis(100), 10, Duration.ofMillis(300));

  /** A killed node says no goodbye, and nothing is decided about it while a test runs. */
  private static final String SETTINGS =
      """
      akka.cluster.split-brain-resolver.stable-after = 60s
      akka.coordinated-shutdown.run-by-actor-system-terminate = off
      tributary-actors.executor-news.interval = 100ms
      """;

  private final FakeEngine homeEngine = FakeEngine.create();
  private final FakeEngine otherEngine = FakeEngine.create();

  /** Until then the first event of each answer is all that its reader takes. */
  private final CompletableFuture<Done> readOn = new CompletableFuture<>();

  private final List<TributaryNode> nodes = new ArrayList<>();

  @AfterEach
  void stop() throws Exception {
    readOn.complete(Done.getInstance());
    for (TributaryNode node : nodes.reversed()) {
      node.system().terminate();
      Nodes.get(node.whenTerminated());
    }
  }

  @Test
  void a_hot_variant_is_served_by_both_and_by_its_home_when_it_has_cooled_down() throws Exception {
    start();
    Asked asked = grown(home());
    asked.to(other());
    assertThat(otherEngine.deltas.resident()).extracting(LoadedDelta::id).containsExactly(HOT);
    readOn.complete(Done.getInstance());
    asked.assertWhole();
    Nodes.await(home(), () -> assertThat(replicas(home())).isZero());
    Nodes.await(home(), () -> assertThat(otherEngine.deltas.resident()).isEmpty());
    for (TributaryNode node : nodes) {
      Nodes.await(node, () -> Nodes.assertEmpty(node.load()));
    }
    var after = Requests.to("hot").build();
    Nodes.assertWhole(Nodes.get(Nodes.read(other(), after)), after);
    assertThat(otherEngine.drawn(after.id())).isZero();
  }

  @Test
  void a_node_that_leaves_in_order_cuts_no_answer_of_its_replica() throws Exception {
    start();
    Asked asked = grown(home());
    asked.to(other());
    CompletionStage<?> ended = other().terminate();
    Nodes.await(home(), () -> assertThat(replicas(home())).isZero());
    var late = new Asked(home());
    late.ask();
    readOn.complete(Done.getInstance());
    asked.assertWhole();
    late.assertWhole();
    Nodes.get(ended);
  }

  @Test
  void the_loss_of_a_replica_breaks_its_streams_and_the_home_goes_on() throws Exception {
    start();
    Asked asked = grown(home());
    asked.to(other());
    other().system().terminate();
    Nodes.get(other().whenTerminated());
    readOn.complete(Done.getInstance());
    assertThat(asked.brokenOrWhole()).as("answers that broke off").isPositive();
    var after = Requests.to("hot").build();
    Nodes.await(
        home(),
        () -> {
          var events = Nodes.read(home(), after).toCompletableFuture().join();
          Nodes.assertWhole(events, after);
        });
  }

  @Test
  void the_loss_of_the_home_leaves_the_replica_to_serve() throws Exception {
    start();
    Asked asked = grown(other());
    asked.to(other());
    home().system().terminate();
    Nodes.get(home().whenTerminated());
    readOn.complete(Done.getInstance());
    assertThat(asked.brokenOrWhole()).as("answers that broke off").isPositive();
    assertThat(otherEngine.deltas.loads(HOT)).isEqualTo(1);
    Nodes.await(
        other(),
        () -> {
          var after = Requests.to("hot").build();
          Nodes.assertWhole(Nodes.read(other(), after).toCompletableFuture().join(), after);
        });
  }

  /** Both nodes, with the variant at home on the first. */
  private void start() throws Exception {
    var configs = Configs.serving("hot").replicas(EAGER);
    var first = Nodes.start(configs.settings(SETTINGS), homeEngine);
    nodes.add(first);
    Nodes.up(first);
    Nodes.get(Nodes.read(first, Requests.to("hot").build()));
    var second =
        Nodes.start(configs.seedNodes(Nodes.address(first)).settings(SETTINGS), otherEngine);
    nodes.add(second);
    Nodes.up(second);
    assertThat(homeEngine.deltas.loads(HOT)).isEqualTo(1);
  }

  private TributaryNode home() {
    return nodes.getFirst();
  }

  private TributaryNode other() {
    return nodes.getLast();
  }

  /** Asked for so much while nobody reads that both nodes know of a replica. */
  private Asked grown(TributaryNode at) {
    var asked = new Asked(at);
    for (int i = 0; i < CROWD; i++) {
      asked.ask();
    }
    for (TributaryNode node : nodes) {
      Nodes.await(node, () -> assertThat(replicas(node)).isEqualTo(1));
    }
    return asked;
  }

  private static int replicas(TributaryNode node) {
    return Nodes.delta(node.load(), HOT).replicas();
  }

  /** Requests that came in by one node, and what becomes of them. */
  private final class Asked {
    private final TributaryNode at;
    private final List<GenerationRequest> requests = new ArrayList<>();
    private final List<CompletionStage<List<TokenEvent>>> answers = new ArrayList<>();

    Asked(TributaryNode at) {
      this.at = at;
    }

    void ask() {
      var request = Requests.to("hot").tokens(40).build();
      requests.add(request);
      answers.add(
          at.generation()
              .generate(request)
              .mapAsync(1, event -> readOn.thenApply(_ -> event))
              .runWith(Sink.seq(), at.system()));
    }

    /** Asks until a node's device has some to compute. */
    void to(TributaryNode node) {
      Nodes.await(
          node,
          () -> {
            ask();
            var sequences = node.load().sequences();
            assertThat(sequences.waiting() + sequences.running() + sequences.parked()).isPositive();
          });
    }

    void assertWhole() throws Exception {
      for (int i = 0; i < requests.size(); i++) {
        Nodes.assertWhole(Nodes.get(answers.get(i)), requests.get(i));
      }
    }

    /** Every answer ends as it should or says that it broke; how many broke. */
    int brokenOrWhole() throws Exception {
      int broken = 0;
      for (int i = 0; i < requests.size(); i++) {
        List<TokenEvent> events = Nodes.get(answers.get(i));
        if (events.getLast() instanceof TokenEvent.Failed) {
          assertThat(Nodes.code(events.getLast())).isEqualTo(ErrorCode.STREAM_BROKEN);
          broken++;
        } else {
          Nodes.assertWhole(events, requests.get(i));
        }
      }
      return broken;
    }
  }
}
