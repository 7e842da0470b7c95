package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.ExtendedActorSystem;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.cluster.sharding.ShardRegion.ClusterShardingStats;
import akka.cluster.sharding.typed.GetClusterShardingStats;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.typed.Cluster;
import akka.remote.RemoteActorRefProvider;
import akka.remote.testkit.Blackhole$;
import akka.remote.testkit.Direction;
import akka.remote.testkit.SetThrottle;
import akka.stream.javadsl.Keep;
import akka.stream.testkit.javadsl.TestSink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.FutureConverters;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.TokenEvent;

/** Two members in one process, over Artery on loopback: what crosses goes through bytes. */
class TwoNodesTest {
  private static final long HELD_MILLIS = 2_000;
  private static final String[] MODELS =
      IntStream.range(0, 12).mapToObj(i -> "model-" + i).toArray(String[]::new);

  /** A killed system must not say goodbye. */
  private static final String KILLABLE =
      "akka.coordinated-shutdown.run-by-actor-system-terminate = off";

  /** The wire can be cut, and the cluster takes longer to decide than to notice. */
  private static final String CUTTABLE =
      KILLABLE
          + """

          akka.remote.artery.advanced.test-mode = on
          akka.cluster.failure-detector.acceptable-heartbeat-pause = 1s
          akka.cluster.split-brain-resolver.stable-after = 60s
          """;

  private final FakeEngine frontEngine = FakeEngine.create();
  private final FakeEngine backEngine = FakeEngine.create();
  private final List<TributaryNode> nodes = new ArrayList<>();

  @AfterEach
  void stop() throws Exception {
    frontEngine.letGo();
    backEngine.letGo();
    for (TributaryNode node : nodes.reversed()) {
      node.system().terminate();
      Nodes.get(node.whenTerminated());
    }
  }

  @Test
  void variants_spread_over_nodes_and_streams_cross_whole() throws Exception {
    var front = start();
    var requests = new ArrayList<GenerationRequest>();
    for (String model : MODELS) {
      requests.add(Requests.to(model).tokens(40).logprobs().build());
      requests.add(Requests.to(model).prompt(7, 8).tokens(33).build());
    }
    var streams = requests.stream().map(request -> Nodes.read(front, request)).toList();
    for (int i = 0; i < requests.size(); i++) {
      Nodes.assertWhole(Nodes.get(streams.get(i)), requests.get(i));
    }
    assertThat(remoteModels()).isNotEmpty().hasSizeLessThan(MODELS.length);
    for (TributaryNode node : nodes) {
      Nodes.await(node, () -> Nodes.assertEmpty(node.load()));
    }
  }

  @Test
  void backpressure_and_cancellation_cross_nodes() throws Exception {
    var front = start();
    var request = Requests.to(remoteModel(front)).tokens(500).build();
    var probe =
        front
            .generation()
            .generate(request)
            .toMat(TestSink.create(front.system().classicSystem()), Keep.right())
            .run(front.system());
    probe.request(3);
    for (int i = 0; i < 3; i++) {
      assertThat(((TokenEvent.Token) probe.expectNext()).index()).isEqualTo(i);
    }
    var back = nodes.get(1);
    Nodes.await(back, () -> assertThat(back.load().sequences().parked()).isEqualTo(1));
    assertThat(backEngine.drawn(request.id())).isLessThanOrEqualTo(3 + 8);
    probe.cancel();
    Nodes.await(back, () -> Nodes.assertEmpty(back.load()));
  }

  @Test
  void the_end_of_the_owning_node_breaks_its_streams_and_their_models_move() throws Exception {
    var front = start();
    String model = remoteModel(front);
    var request = Requests.to(model).tokens(500).build();
    var probe =
        front
            .generation()
            .generate(request)
            .toMat(TestSink.create(front.system().classicSystem()), Keep.right())
            .run(front.system());
    probe.request(2);
    probe.expectNext();
    probe.expectNext();
    var back = nodes.get(1);
    back.system().terminate();
    probe.request(100);
    TokenEvent last = probe.expectNext();
    while (last instanceof TokenEvent.Token) {
      last = probe.expectNext();
    }
    assertThat(Nodes.code(last)).isEqualTo(ErrorCode.STREAM_BROKEN);
    probe.expectComplete();
  }

  @Test
  void a_node_out_of_reach_breaks_its_streams_before_the_cluster_decides_on_it() throws Exception {
    var front = start(CUTTABLE);
    var request = Requests.to(remoteModel(front)).tokens(500).build();
    var probe =
        front
            .generation()
            .generate(request)
            .toMat(TestSink.create(front.system().classicSystem()), Keep.right())
            .run(front.system());
    probe.request(1);
    probe.expectNext();
    cut(front, nodes.get(1));
    probe.request(500);
    TokenEvent last = probe.expectNext();
    while (last instanceof TokenEvent.Token) {
      last = probe.expectNext();
    }
    assertThat(Nodes.code(last)).isEqualTo(ErrorCode.STREAM_BROKEN);
    assertThat(((TokenEvent.Failed) last).refusal().message()).contains("out of reach");
  }

  @Test
  void a_node_that_leaves_in_order_hands_its_models_over() throws Exception {
    var front = start();
    String model = remoteModel(front);
    var back = nodes.get(1);
    Nodes.get(back.terminate());
    var request = Requests.to(model).build();
    Nodes.assertWhole(Nodes.get(Nodes.read(front, request)), request);
    assertThat(frontEngine.deltas.loads(new DeltaId(model))).isEqualTo(1);
  }

  @Test
  void while_a_node_lets_its_streams_end_its_models_are_served_elsewhere() throws Exception {
    var front = start();
    String model = remoteModel(front);
    backEngine.hold();
    var running = Requests.to(model).tokens(30).build();
    var stream = Nodes.read(front, running);
    backEngine.allowSteps(3);
    Nodes.await(front, () -> assertThat(backEngine.drawn(running.id())).isEqualTo(3));

    var ended = nodes.get(1).terminate();
    Nodes.await(
        front,
        () -> {
          var next = Requests.to(model).build();
          // A request that comes before the move waits for the held device; a later one does not.
          var answer =
              Nodes.read(front, next)
                  .toCompletableFuture()
                  .completeOnTimeout(List.of(), HELD_MILLIS, TimeUnit.MILLISECONDS)
                  .join();
          assertThat(answer).isNotEmpty();
          Nodes.assertWhole(answer, next);
        });
    assertThat(frontEngine.deltas.loads(new DeltaId(model))).isEqualTo(1);

    backEngine.letGo();
    Nodes.assertWhole(Nodes.get(stream), running);
    Nodes.get(ended);
  }

  private TributaryNode start() throws Exception {
    return start(KILLABLE);
  }

  /** No message passes between two nodes from now on, and neither is told. */
  private static void cut(TributaryNode one, TributaryNode other) throws Exception {
    for (var pair : List.of(List.of(one, other), List.of(other, one))) {
      var provider =
          (RemoteActorRefProvider)
              ((ExtendedActorSystem) pair.getFirst().system().classicSystem()).provider();
      var peer = Cluster.get(pair.getLast().system()).selfMember().address();
      Nodes.get(
          FutureConverters.asJava(
              provider
                  .transport()
                  .managementCommand(
                      new SetThrottle(peer, Direction.Both$.MODULE$, Blackhole$.MODULE$))));
    }
  }

  /** The first of two nodes, when both are up. */
  private TributaryNode start(String settings) throws Exception {
    var front = Nodes.start(Configs.serving(MODELS).settings(settings), frontEngine);
    nodes.add(front);
    Nodes.up(front);
    var back =
        Nodes.start(
            Configs.serving(MODELS).seedNodes(Nodes.address(front)).settings(settings), backEngine);
    nodes.add(back);
    Nodes.up(back);
    awaitRegions(front, 2);
    return front;
  }

  /** A node that is up takes part in the sharding a moment later. */
  private static void awaitRegions(TributaryNode node, int count) {
    TestProbe<ClusterShardingStats> probe = TestProbe.create(node.system());
    Nodes.await(
        node,
        () -> {
          ClusterSharding.get(node.system())
              .shardState()
              .tell(
                  new GetClusterShardingStats(
                      NodeGuardian.DELTAS, Duration.ofSeconds(1), probe.getRef()));
          assertThat(probe.receiveMessage().getRegions()).hasSize(count);
        });
  }

  private List<String> remoteModels() {
    return IntStream.range(0, MODELS.length)
        .mapToObj(i -> MODELS[i])
        .filter(model -> backEngine.deltas.loads(new DeltaId(model)) > 0)
        .toList();
  }

  /** A model that lives on the other node. */
  private String remoteModel(TributaryNode front) throws Exception {
    for (String model : MODELS) {
      Nodes.get(Nodes.read(front, Requests.to(model).tokens(1).build()));
      if (!remoteModels().isEmpty()) {
        return remoteModels().getFirst();
      }
    }
    throw new AssertionError("all models live on one node");
  }
}
