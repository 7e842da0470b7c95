package tributary.actors;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.pubsub.Topic;
import akka.cluster.sharding.typed.HashCodeMessageExtractor;
import akka.cluster.typed.Cluster;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import tributary.config.ServerConfig;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.scheduling.placement.ExecutorReport;

/** Tells the other executors what this one carries, and writes down what they tell. */
final class PlacementReporter {
  private static final String TOPIC = "executor-news";

  sealed interface Command {}

  private enum Tick implements Command {
    REPORT
  }

  private record Queued(Map<DeltaId, Long> tokens) implements Command {}

  private record Hosted(ExecutorNews.Hosting hosting) implements Command {}

  private record Heard(ExecutorNews news) implements Command {}

  /**
   * Where the figures come from and go to.
   *
   * @param keeper of this executor's replicas
   * @param taken of the memory for deltas
   */
  record Parts(
      ActorRef<DeviceActor.Command> device,
      ActorRef<ReplicaKeeper.Command> keeper,
      NodeMetrics metrics,
      Supplier<Bytes> taken,
      ServerConfig config,
      PlacementBoard board) {}

  private final Parts parts;
  private final ActorRef<Topic.Command<ExecutorNews>> topic;
  private final ActorRef<Map<DeltaId, Long>> queues;
  private final ActorRef<ExecutorNews.Hosting> hostings;
  private final String address;
  private Map<DeltaId, Long> waiting = Map.of();

  private PlacementReporter(ActorContext<Command> context, Parts parts) {
    this.parts = parts;
    topic = context.spawn(Topic.create(ExecutorNews.class, TOPIC), "topic");
    queues = context.messageAdapter(mapOfTokens(), Queued::new);
    hostings = context.messageAdapter(ExecutorNews.Hosting.class, Hosted::new);
    address = address(context.getSystem());
  }

  static Behavior<Command> create(Parts parts, Duration every) {
    return Behaviors.setup(context ->
        Behaviors.withTimers(timers -> {
          var reporter = new PlacementReporter(context, parts);
          var heard = context.messageAdapter(ExecutorNews.class, Heard::new);
          reporter.topic.tell(Topic.subscribe(heard));
          timers.startTimerWithFixedDelay(Tick.REPORT, Duration.ZERO, every);
          return reporter.reporting();
        }));
  }

  /** On a node that has nothing to tell: writes down what executors tell. */
  static Behavior<ExecutorNews> listener(PlacementBoard board) {
    return Behaviors.setup(context -> {
      var topic = context.spawn(Topic.create(ExecutorNews.class, TOPIC), "topic");
      topic.tell(Topic.subscribe(context.getSelf()));
      return Behaviors.receiveMessage(news -> {
        board.put(news);
        return Behaviors.same();
      });
    });
  }

  /** The part of the variants that one is in. */
  static String part(DeltaId id, int shards) {
    return new HashCodeMessageExtractor<>(shards).shardId(id.name());
  }

  private Behavior<Command> reporting() {
    return Behaviors.receiveMessage(command -> {
      switch (command) {
        case Tick.REPORT -> parts.device.tell(new DeviceActor.Queue(queues));
        case Queued(var tokens) -> {
          waiting = tokens;
          parts.keeper.tell(new ReplicaKeeper.Review(tokens, hostings));
        }
        case Hosted(var hosting) ->
            topic.tell(Topic.publish(new ExecutorNews(address, report(), hosting)));
        case Heard(var news) -> parts.board.put(news);
      }
      return Behaviors.same();
    });
  }

  private ExecutorReport report() {
    var loaded = new HashMap<String, Long>();
    parts
        .metrics
        .heldOrLoading()
        .forEach(id ->
            loaded.merge(
                part(id, parts.config.cluster().shards()),
                waiting.getOrDefault(id, 0L),
                Long::sum));
    return new ExecutorReport(parts.config.deltas().memory(), parts.taken.get(), loaded);
  }

  /** What an executor is called in its news. */
  static String address(ActorSystem<?> system) {
    return Cluster.get(system).selfMember().address().toString();
  }

  @SuppressWarnings("unchecked") // A class literal has no type arguments.
  private static Class<Map<DeltaId, Long>> mapOfTokens() {
    return (Class<Map<DeltaId, Long>>) (Class<?>) Map.class;
  }
}
