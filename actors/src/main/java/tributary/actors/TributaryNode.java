package tributary.actors;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.AskPattern;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.japi.function.Function;
import akka.remote.RemoteTransportException;
import com.typesafe.config.Config;
import java.net.BindException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.StreamSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.config.ServerConfig;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * One running member of the cluster: its actor system, its base model, its device and the variants
 * that live on it.
 *
 * <p>It ends by Akka's coordinated shutdown, in this order: in {@code service-unbind} it stops
 * being ready and refuses new requests; in {@code service-requests-done} running streams may end,
 * for at most {@code http.drain-max}; in {@code service-stop} the device stops and fails what is
 * left; then the node leaves the cluster and frees its memory. A front end adds its own tasks to
 * the same phases of {@code CoordinatedShutdown.get(node.system())}.
 */
public final class TributaryNode implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TributaryNode.class);

  /** What is computed with and read from; owned, and freed when the device has stopped. */
  record Parts(Engine engine, Catalogue catalogue) {
    void close() {
      engine.close();
      catalogue.close();
    }
  }

  private final ActorSystem<NodeGuardian.Command> system;
  private final NodeSettings settings;
  private final Parts parts;
  private final NodeMetrics metrics;
  private final Generation generation;
  private final CompletableFuture<Done> up = new CompletableFuture<>();
  private final AtomicBoolean draining;

  private TributaryNode(
      ActorSystem<NodeGuardian.Command> system,
      NodeSettings settings,
      Parts parts,
      NodeMetrics metrics,
      Set<DeltaId> served) {
    this.system = system;
    this.settings = settings;
    this.parts = parts;
    this.metrics = metrics;
    this.draining = new AtomicBoolean();
    this.generation =
        new ShardedGeneration(
            served,
            draining::get,
            id -> ClusterSharding.get(system).entityRefFor(NodeGuardian.DELTAS, id.name()),
            tokenPath(system, settings));
  }

  /**
   * Loads the base, starts the actor system and begins to join the cluster. Blocks for the load;
   * does not wait for the cluster: see {@link #whenReady()}.
   *
   * @param settings the whole configuration that {@code config} was read from, for the settings of
   *     libraries beside it
   * @throws TributaryException when a file or a setting is bad, or the cluster's port is taken
   */
  public static TributaryNode start(ServerConfig config, Config settings) {
    NodeSettings all = NodeSettings.of(config, settings);
    ModelEngine engine = ModelEngine.open(config);
    Catalogue catalogue;
    try {
      catalogue = CatalogueReader.read(config, engine.model());
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
    return start(all, new Parts(engine, catalogue));
  }

  /** Starts a node over parts that it owns from now on. */
  static TributaryNode start(NodeSettings settings, Parts parts) {
    ServerConfig config = settings.server();
    Set<DeltaId> served = served(config);
    var metrics = new NodeMetrics(served, parts.engine().limits().kvPages());
    var started = new CompletableFuture<Done>();
    ActorSystem<NodeGuardian.Command> system;
    try {
      system =
          ActorSystem.create(
              NodeGuardian.create(parts.engine(), metrics, settings, started),
              NodeSettings.SYSTEM_NAME,
              settings.akka());
    } catch (RemoteTransportException failure) {
      parts.close();
      throw notBound(config, failure);
    } catch (RuntimeException | Error e) {
      parts.close();
      throw e;
    }
    var node = new TributaryNode(system, settings, parts, metrics, served);
    node.addShutdownTasks();
    node.join();
    node.await(started);
    return node;
  }

  /** A guardian that fails takes the system with it, so this ends. */
  private void await(CompletableFuture<Done> started) {
    var ended = whenTerminated().toCompletableFuture();
    CompletableFuture.anyOf(started, ended).join();
    if (!started.isDone()) {
      parts.close();
      throw new TributaryException(
          ErrorCode.INTERNAL, "the node could not start its actors; the log says why");
    }
  }

  public ActorSystem<?> system() {
    return system;
  }

  public Generation generation() {
    return generation;
  }

  public Catalogue models() {
    return parts.catalogue();
  }

  /** Ready: a member of the cluster that is up, with its base loaded, and not shutting down. */
  public Readiness readiness() {
    if (draining.get() || system.whenTerminated().isCompleted()) {
      return Readiness.notReady("shutting down");
    }
    Member self = Cluster.get(system).selfMember();
    return self.status().equals(MemberStatus.up())
        ? Readiness.READY
        : Readiness.notReady("joining the cluster; its member status is " + self.status());
  }

  /** Gauges and counters for metrics; cheap, any thread. */
  public NodeLoad load() {
    return metrics.read();
  }

  /** Completes when the node is a member of the cluster that is up; fails if it never will be. */
  public CompletionStage<Done> whenReady() {
    return up.copy();
  }

  /** Runs the coordinated shutdown; completes when all is freed. */
  public CompletionStage<Done> terminate() {
    return CoordinatedShutdown.get(system)
        .runAll(CoordinatedShutdown.actorSystemTerminateReason())
        .thenCompose(_ -> whenTerminated());
  }

  /** Completes when the node has ended, for whatever reason. */
  public CompletionStage<Done> whenTerminated() {
    return system.getWhenTerminated();
  }

  /** {@link #terminate()}, waiting for it; bounded by the timeouts of the shutdown's phases. */
  @Override
  public void close() {
    terminate().toCompletableFuture().join();
  }

  private void join() {
    akka.cluster.Cluster.get(system.classicSystem())
        .registerOnMemberUp(() -> {
          LOG.info("up as {}", Cluster.get(system).selfMember().address());
          up.complete(Done.getInstance());
        });
    whenTerminated()
        .whenComplete((_, _) ->
            up.completeExceptionally(
                new TributaryException(
                    ErrorCode.SHUTTING_DOWN, "the node ended before it was up")));
    if (settings.server().cluster().seedNodes().isEmpty()) {
      Cluster cluster = Cluster.get(system);
      cluster.manager().tell(Join.create(cluster.selfMember().address()));
    }
  }

  private void addShutdownTasks() {
    CoordinatedShutdown shutdown = CoordinatedShutdown.get(system);
    var deviceStopped = new AtomicBoolean();
    shutdown.addTask(
        CoordinatedShutdown.PhaseServiceUnbind(),
        "refuse-requests",
        () -> {
          draining.set(true);
          return done();
        });
    shutdown.addTask(
        CoordinatedShutdown.PhaseServiceRequestsDone(),
        "drain-device",
        () ->
            ask(NodeGuardian.Drain::new, settings.server().http().drainMax())
                .thenCompose(ended -> {
                  if (!ended) {
                    LOG.warn("streams still run after http.drain-max; they are cut off");
                  }
                  return done();
                }));
    shutdown.addTask(
        CoordinatedShutdown.PhaseServiceStop(),
        "stop-device",
        () ->
            ask(NodeGuardian.StopDevice::new, settings.deviceStopMax())
                .thenCompose(ended -> {
                  deviceStopped.set(ended);
                  return done();
                }));
    shutdown.addTask(
        CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
        "free-memory",
        () -> deviceStopped.get() ? CompletableFuture.supplyAsync(this::free) : leaveMemory());
  }

  /** Whether the guardian answered in time. */
  private CompletionStage<Boolean> ask(
      Function<ActorRef<Done>, NodeGuardian.Command> question, Duration timeout) {
    return AskPattern.ask(system, question, timeout, system.scheduler())
        .handle((_, late) -> late == null);
  }

  private Done free() {
    parts.close();
    return Done.getInstance();
  }

  /** A step that still runs would crash the process if its memory went away. */
  private static CompletionStage<Done> leaveMemory() {
    LOG.error(
        "the device did not come back from its step; its memory is left to the process's end");
    return done();
  }

  private static CompletionStage<Done> done() {
    return CompletableFuture.completedFuture(Done.getInstance());
  }

  private static TokenSource.Settings tokenPath(ActorSystem<?> system, NodeSettings settings) {
    Cluster cluster = Cluster.get(system);
    return new TokenSource.Settings(
        settings.server().streaming().windowTokens(),
        settings.answerMax(),
        settings.quietMax(),
        settings.readerTick(),
        address ->
            StreamSupport.stream(cluster.state().getUnreachable().spliterator(), false)
                .anyMatch(member -> member.address().equals(address)),
        MonotonicClock.SYSTEM);
  }

  private static Set<DeltaId> served(ServerConfig config) {
    var served = new HashSet<DeltaId>();
    if (config.base().served()) {
      served.add(config.base().name());
    }
    config.models().forEach(model -> served.add(model.name()));
    return Set.copyOf(served);
  }

  private static RuntimeException notBound(ServerConfig config, RemoteTransportException failure) {
    Throwable cause = failure;
    while (cause != null && !(cause instanceof BindException)) {
      cause = cause.getCause();
    }
    return new TributaryException(
        cause == null ? ErrorCode.CONFIG : ErrorCode.PORT_IN_USE,
        "the cluster cannot listen on tributary.cluster %s:%d (%s); free the port or set another"
            .formatted(config.cluster().host(), config.cluster().port(), failure.getMessage()),
        failure);
  }
}
