package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.cluster.typed.Cluster;
import akka.stream.javadsl.Keep;
import akka.stream.testkit.javadsl.TestSink;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TokenEvent;
import tributary.protocol.TributaryException;

/** A node with all its parts but the model: cluster of one, sharding, device thread, streams. */
class TributaryNodeTest {
  private static final FakeEngine ENGINE = FakeEngine.create();
  private static TributaryNode node =
      Nodes.start(Configs.serving("one", "two", "bad").settings(), ENGINE);

  @BeforeAll
  static void up() throws Exception {
    Nodes.up(node);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @AfterEach
  void letGo() {
    ENGINE.letGo();
    ENGINE.deltas.letGo();
  }

  @Test
  void a_cold_request_loads_its_variant_and_streams_in_order() throws Exception {
    assertThat(node.readiness().ready()).isTrue();
    var request = Requests.to("one").tokens(50).logprobs().build();
    var events = Nodes.get(Nodes.read(node, request));
    Nodes.assertWhole(events, request);
    assertThat(((TokenEvent.Token) events.getFirst()).logprob()).isNotNull();
    var load = Nodes.delta(node.load(), new DeltaId("one"));
    assertThat(load.tier()).isEqualTo(Tier.RESIDENT);
    assertThat(load.completionTokens()).isGreaterThanOrEqualTo(50);
    assertThat(node.load().deltas()).containsOnlyKeys(ids("base", "one", "two", "bad"));
  }

  @Test
  void the_base_is_a_variant_too() throws Exception {
    var request = Requests.to("base").build();
    Nodes.assertWhole(Nodes.get(Nodes.read(node, request)), request);
  }

  @Test
  void a_slow_reader_parks_its_own_sequence_and_no_other() throws Exception {
    var slow = Requests.to("one").tokens(60).build();
    var probe =
        node.generation()
            .generate(slow)
            .toMat(TestSink.create(node.system().classicSystem()), Keep.right())
            .run(node.system());
    probe.request(1);
    probe.expectNext();

    var others = new ArrayList<CompletionStage<List<TokenEvent>>>();
    var requests =
        IntStream.range(0, 8)
            .mapToObj(i -> Requests.to(i % 2 == 0 ? "one" : "two").prompt(i + 1).tokens(80).build())
            .toList();
    requests.forEach(request -> others.add(Nodes.read(node, request)));
    for (int i = 0; i < requests.size(); i++) {
      Nodes.assertWhole(Nodes.get(others.get(i)), requests.get(i));
    }
    assertThat(ENGINE.drawn(slow.id())).isLessThanOrEqualTo(1 + 8);

    probe.request(100);
    for (int i = 1; i < 60; i++) {
      assertThat(((TokenEvent.Token) probe.expectNext()).index()).isEqualTo(i);
    }
    assertThat(probe.expectNext()).isInstanceOf(TokenEvent.Finished.class);
    probe.expectComplete();
    awaitEmpty();
  }

  @Test
  void a_stream_that_is_cancelled_frees_its_pages() {
    var request = Requests.to("two").tokens(1500).build();
    var probe =
        node.generation()
            .generate(request)
            .toMat(TestSink.create(node.system().classicSystem()), Keep.right())
            .run(node.system());
    probe.request(20);
    probe.expectNext();
    probe.cancel();
    awaitEmpty();
    assertThat(ENGINE.drawn(request.id())).isLessThan(100);
  }

  @Test
  void many_streams_come_whole_and_leave_nothing() throws Exception {
    var requests =
        IntStream.range(0, 30)
            .mapToObj(i -> Requests.to(i % 2 == 0 ? "one" : "two").prompt(i + 1).tokens(30).build())
            .toList();
    var streams = requests.stream().map(request -> Nodes.read(node, request)).toList();
    for (int i = 0; i < requests.size(); i++) {
      Nodes.assertWhole(Nodes.get(streams.get(i)), requests.get(i));
    }
    awaitEmpty();
  }

  @Test
  void a_load_that_fails_is_told_and_the_next_one_works() throws Exception {
    ENGINE.deltas.failNext(new TributaryException(ErrorCode.DELTA_CHECKSUM, "plane 0 is damaged"));
    var refused = Nodes.get(Nodes.read(node, Requests.to("bad").build()));
    assertThat(refused).hasSize(1);
    assertThat(Nodes.code(refused.getFirst())).isEqualTo(ErrorCode.DELTA_UNAVAILABLE);
    Nodes.await(
        node,
        () -> {
          var request = Requests.to("bad").build();
          Nodes.assertWhole(Nodes.read(node, request).toCompletableFuture().join(), request);
        });
  }

  @Test
  void an_unknown_model_is_refused_without_an_entity() throws Exception {
    var events = Nodes.get(Nodes.read(node, Requests.to("nobody").build()));
    assertThat(Nodes.code(events.getFirst())).isEqualTo(ErrorCode.MODEL_NOT_FOUND);
    assertThat(ENGINE.deltas.loads(new DeltaId("nobody"))).isZero();
  }

  @Test
  void a_request_too_large_to_travel_is_refused_on_one_node_too() throws Exception {
    int[] prompt = IntStream.range(0, 90_000).map(_ -> (1 << 21) - 1).toArray();
    var events = Nodes.get(Nodes.read(node, Requests.to("one").prompt(prompt).build()));
    assertThat(Nodes.code(events.getFirst())).isEqualTo(ErrorCode.CONTEXT_LENGTH_EXCEEDED);
  }

  @Test
  void shutting_down_lets_streams_end_and_refuses_new_ones() throws Exception {
    var engine = FakeEngine.create();
    var draining = Nodes.start(Configs.serving("one").settings(), engine);
    Nodes.up(draining);
    engine.hold();
    var running = Requests.to("one").tokens(20).build();
    var stream = Nodes.read(draining, running);
    engine.allowSteps(5);
    Nodes.await(draining, () -> assertThat(engine.drawn(running.id())).isEqualTo(5));

    var ended = draining.terminate();
    Nodes.await(draining, () -> assertThat(draining.readiness().ready()).isFalse());
    var refused = Nodes.get(Nodes.read(draining, Requests.to("one").build()));
    assertThat(Nodes.code(refused.getFirst())).isEqualTo(ErrorCode.SHUTTING_DOWN);
    assertThat(engine.isClosed()).isFalse();

    engine.letGo();
    Nodes.assertWhole(Nodes.get(stream), running);
    Nodes.get(ended);
    assertThat(engine.isClosed()).isTrue();
    assertThat(engine.deltas.resident()).isEmpty();
  }

  @Test
  void streams_that_outlast_the_drain_are_cut_off_with_a_word() throws Exception {
    var engine = FakeEngine.create();
    var draining =
        Nodes.start(Configs.serving("one").drainMax(Duration.ofMillis(300)).settings(), engine);
    Nodes.up(draining);
    var request = Requests.to("one").tokens(500).build();
    var probe =
        draining
            .generation()
            .generate(request)
            .toMat(TestSink.create(draining.system().classicSystem()), Keep.right())
            .run(draining.system());
    probe.request(1);
    probe.expectNext();
    var ended = draining.terminate();
    Nodes.await(draining, () -> Nodes.assertEmpty(draining.load()));
    probe.request(100);
    TokenEvent last = probe.expectNext();
    while (last instanceof TokenEvent.Token) {
      last = probe.expectNext();
    }
    assertThat(Nodes.code(last)).isEqualTo(ErrorCode.SHUTTING_DOWN);
    Nodes.get(ended);
    assertThat(engine.isClosed()).isTrue();
  }

  @Test
  void a_device_that_breaks_takes_its_node_down_in_order() throws Exception {
    var engine = FakeEngine.create();
    var broken = Nodes.start(Configs.serving("one").settings(), engine);
    Nodes.up(broken);
    engine.breakNextStep();
    var events = Nodes.get(Nodes.read(broken, Requests.to("one").build()));
    assertThat(Nodes.code(events.getLast())).isEqualTo(ErrorCode.STREAM_BROKEN);
    Nodes.get(broken.whenTerminated());
    assertThat(broken.readiness().ready()).isFalse();
    assertThat(engine.isClosed()).isTrue();
  }

  @Test
  void an_idle_variant_leaves_memory_and_comes_back() throws Exception {
    var engine = FakeEngine.create();
    var settings =
        Configs.serving("one").loads(Duration.ofSeconds(20), Duration.ofMillis(200), 4).settings();
    try (var idling = Nodes.start(settings, engine)) {
      Nodes.up(idling);
      for (int loads = 1; loads <= 2; loads++) {
        var request = Requests.to("one").build();
        Nodes.assertWhole(Nodes.get(Nodes.read(idling, request)), request);
        assertThat(engine.deltas.loads(new DeltaId("one"))).isEqualTo(loads);
        Nodes.await(idling, () -> assertThat(engine.deltas.resident()).isEmpty());
      }
    }
  }

  @Test
  void a_port_that_is_taken_is_named() {
    int taken = Cluster.get(node.system()).selfMember().address().getPort().orElseThrow();
    var config = Configs.serving("one");
    var engine = FakeEngine.create();
    var settings =
        new NodeSettings(
            ConfigFactory.parseString("akka.remote.artery.canonical.port = " + taken)
                .withFallback(config.settings().akka()),
            config.build());
    assertThatThrownBy(() -> Nodes.start(settings, engine))
        .isInstanceOfSatisfying(
            TributaryException.class,
            refused -> assertThat(refused.code()).isEqualTo(ErrorCode.PORT_IN_USE));
    assertThat(engine.isClosed()).isTrue();
  }

  private static DeltaId[] ids(String... names) {
    return Arrays.stream(names).map(DeltaId::new).toArray(DeltaId[]::new);
  }

  private static void awaitEmpty() {
    Nodes.await(node, () -> Nodes.assertEmpty(node.load()));
  }
}
