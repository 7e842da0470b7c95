package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.cluster.typed.Cluster;
import akka.stream.javadsl.Sink;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.TokenEvent;

/** What tests of whole nodes share. */
final class Nodes {
  static final long SECONDS_MAX = 30;

  private Nodes() {}

  static TributaryNode start(NodeSettings settings, FakeEngine engine) {
    return TributaryNode.start(settings, new TributaryNode.Parts(engine, new Catalogue(List.of())));
  }

  static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(SECONDS_MAX, TimeUnit.SECONDS);
  }

  static void up(TributaryNode... nodes) throws Exception {
    for (TributaryNode node : nodes) {
      get(node.whenReady());
    }
  }

  /** Reads all at full speed. */
  static CompletionStage<List<TokenEvent>> read(TributaryNode node, GenerationRequest request) {
    return node.generation().generate(request).runWith(Sink.seq(), node.system());
  }

  static void assertWhole(List<TokenEvent> events, GenerationRequest request) {
    assertThat(events.getLast()).isInstanceOf(TokenEvent.Finished.class);
    assertThat(events.subList(0, events.size() - 1))
        .map(event -> ((TokenEvent.Token) event).token())
        .isEqualTo(FakeEngine.tokens(request));
  }

  static ErrorCode code(TokenEvent event) {
    assertThat(event).isInstanceOf(TokenEvent.Failed.class);
    return ((TokenEvent.Failed) event).refusal().code();
  }

  static String address(TributaryNode node) {
    var address = Cluster.get(node.system()).selfMember().address();
    return address.getHost().orElseThrow() + ":" + address.getPort().orElseThrow();
  }

  /** No sequence is left, and no page. */
  static void assertEmpty(NodeLoad load) {
    var sequences = load.sequences();
    assertThat(sequences).isEqualTo(new NodeLoad.Sequences(0, 0, 0, 0, sequences.preemptions()));
  }

  static NodeLoad.DeltaLoad delta(NodeLoad load, DeltaId id) {
    return Objects.requireNonNull(load.deltas().get(id));
  }

  static void await(TributaryNode node, Runnable assertion) {
    Kits.await(TestProbe.create(node.system()), assertion);
  }
}
