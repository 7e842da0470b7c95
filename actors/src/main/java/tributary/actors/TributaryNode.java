package tributary.actors;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.AskPattern;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.japi.function.Function;
import akka.management.cluster.bootstrap.ClusterBootstrap;
import akka.management.javadsl.AkkaManagement;
import akka.remote.RemoteTransportException;
import com.typesafe.config.Config;
import java.net.BindException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.concurrent.ExecutionContextExecutor;
import tributary.config.ServerConfig;
import tributary.model.ModelConfig;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.scheduling.Journal;
import tributary.scheduling.SchedulerLimits;
import tributary.scheduling.SchedulerRules;

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

  /**
   * What is computed with and read from; owned, and freed when the device has stopped.
   *
   * @param engine null on a gateway, which computes nothing
   */
  record Parts(@Nullable Engine engine, Catalogue catalogue, Recording recording) {
    /** Nothing is recorded. */
    Parts(@Nullable Engine engine, Catalogue catalogue) {
      this(engine, catalogue, Recording.NONE);
    }

    int kvPages() {
      return engine == null ? 0 : engine.limits().kvPages();
    }

    void close() {
      if (engine != null) {
        engine.close();
      }
      catalogue.close();
      recording.close();
    }
  }

  private final ActorSystem<NodeGuardian.Command> system;
  private final NodeSettings settings;
  private final Parts parts;
  private final NodeMetrics metrics;
  private final Generation generation;
  private final RegisteredModels registered;
  private final CompletableFuture<Done> up = new CompletableFuture<>();
  private final AtomicBoolean draining;

  private TributaryNode(
      ActorSystem<NodeGuardian.Command> system,
      NodeSettings settings,
      Parts parts,
      NodeMetrics metrics,
      PlacementBoard board,
      Set<DeltaId> served) {
    this.system = system;
    this.settings = settings;
    this.parts = parts;
    this.metrics = metrics;
    this.draining = new AtomicBoolean();
    this.registered = registered(system, settings, parts, board, served);
    var router =
        new ReplicaRouter(
            board,
            registered::version,
            address -> NodeGuardian.isUp(system, address),
            id -> NodeGuardian.home(system, id));
    this.generation =
        parts
            .recording()
            .of(
                new ShardedGeneration(
                    registered::serves, draining::get, router::route, tokenPath(system, settings)));
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
    return start(config, settings, Journal.NONE);
  }

  /**
   * The same.
   *
   * @param journal is told of every call of the device's scheduler, on the device's thread
   */
  public static TributaryNode start(ServerConfig config, Config settings, Journal journal) {
    NodeSettings all = NodeSettings.of(config, settings);
    Recording recording = Recording.open(config.recording(), journal);
    try {
      if (config.cluster().role() == ServerConfig.Role.GATEWAY) {
        ModelConfig base = ModelConfig.read(config.base().path());
        return start(all, new Parts(null, CatalogueReader.read(config, base), recording));
      }
      ModelEngine engine = ModelEngine.open(config);
      return start(all, new Parts(engine, catalogue(config, engine), recording));
    } catch (RuntimeException | Error e) {
      recording.close();
      throw e;
    }
  }

  private static Catalogue catalogue(ServerConfig config, ModelEngine engine) {
    try {
      Catalogue catalogue = CatalogueReader.read(config, engine.model());
      engine.serves(catalogue);
      return catalogue;
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }

  /** Starts a node over parts that it owns from now on. */
  static TributaryNode start(NodeSettings settings, Parts parts) {
    ServerConfig config = settings.server();
    Set<DeltaId> served = served(config);
    var metrics = new NodeMetrics(served, parts.kvPages());
    var board = new PlacementBoard(settings.newsAgeMax(), MonotonicClock.SYSTEM);
    metrics.replicas(board::replicas);
    var started = new CompletableFuture<Done>();
    ActorSystem<NodeGuardian.Command> system;
    try {
      system =
          ActorSystem.create(
              guardian(settings, parts, metrics, board, started),
              NodeSettings.SYSTEM_NAME,
              settings.akka());
    } catch (RemoteTransportException failure) {
      parts.close();
      throw notBound(config, failure);
    } catch (RuntimeException | Error e) {
      parts.close();
      throw e;
    }
    var node = new TributaryNode(system, settings, parts, metrics, board, served);
    node.addShutdownTasks();
    node.join();
    node.await(started);
    node.followStore();
    return node;
  }

  private static Behavior<NodeGuardian.Command> guardian(
      NodeSettings settings,
      Parts parts,
      NodeMetrics metrics,
      PlacementBoard board,
      CompletableFuture<Done> started) {
    Engine engine = parts.engine();
    return engine == null
        ? NodeGuardian.gateway(board, started)
        : NodeGuardian.create(
            new NodeGuardian.Parts(engine, metrics, parts.recording(), board), settings, started);
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

  /** What the device's scheduler keeps to. */
  public SchedulerLimits limits() {
    return Objects.requireNonNull(parts.engine(), "a gateway computes nothing").limits();
  }

  /** What the device's scheduler goes by. */
  public SchedulerRules rules() {
    return settings.rules();
  }

  /** Changes what is served; needs {@code deltas.store}. */
  public ModelAdmin admin() {
    return registered;
  }

  public Catalogue models() {
    return parts.catalogue();
  }

  /**
   * Ready: a member of the cluster that is up, with its base loaded or an executor in the cluster
   * that has it, and not shutting down.
   */
  public Readiness readiness() {
    if (draining.get() || system.whenTerminated().isCompleted()) {
      return Readiness.notReady("shutting down");
    }
    Member self = Cluster.get(system).selfMember();
    if (!self.status().equals(MemberStatus.up())) {
      return Readiness.notReady("joining the cluster; its member status is " + self.status());
    }
    return executorInReach() ? Readiness.READY : Readiness.notReady("no executor is in reach");
  }

  private boolean executorInReach() {
    var state = Cluster.get(system).state();
    return StreamSupport.stream(state.getMembers().spliterator(), false)
        .anyMatch(member ->
            member.hasRole(NodeSettings.EXECUTOR)
                && member.status().equals(MemberStatus.up())
                && !state.unreachable().contains(member));
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
    ServerConfig.Cluster cluster = settings.server().cluster();
    if (cluster.bootstrap().method() != ServerConfig.BootstrapMethod.NONE) {
      AkkaManagement.get(system.classicSystem()).start();
      ClusterBootstrap.get(system.classicSystem()).start();
    } else if (cluster.seedNodes().isEmpty()) {
      Cluster self = Cluster.get(system);
      self.manager().tell(Join.create(self.selfMember().address()));
    }
  }

  /** Reads the store once, and then again and again. */
  private void followStore() {
    if (settings.server().deltas().store().isEmpty()) {
      return;
    }
    registered.refresh();
    Duration every = settings.server().deltas().storeRefresh();
    system.scheduler().scheduleWithFixedDelay(every, every, this::refreshStore, blocking(system));
    Duration grace = settings.server().deltas().storeGrace();
    system.scheduler().scheduleWithFixedDelay(grace, grace, this::cleanStore, blocking(system));
  }

  private void cleanStore() {
    try {
      Bytes deleted = registered.collect(Instant.now());
      if (deleted.count() > 0) {
        LOG.info("{} bytes of deltas that no variant has any more are deleted", deleted.count());
      }
    } catch (TributaryException e) {
      LOG.error("the store of variants cannot be cleaned; it grows", e);
    }
  }

  private void refreshStore() {
    try {
      registered.refresh();
    } catch (TributaryException e) {
      LOG.error("the store of variants cannot be read; what was read before stays", e);
    }
  }

  private static RegisteredModels registered(
      ActorSystem<NodeGuardian.Command> system,
      NodeSettings settings,
      Parts parts,
      PlacementBoard board,
      Set<DeltaId> served) {
    ServerConfig server = settings.server();
    var all = new TreeMap<DeltaId, Registration>();
    return new RegisteredModels(
        ModelEngine.artifacts(server).orElse(null),
        served,
        server.base().name(),
        blocking(system),
        (id, registration) -> {
          boolean pinned = registration != null && registration.terms().pinned();
          if (registration == null) {
            all.remove(id);
          } else {
            all.put(id, registration);
            system.tell(new NodeGuardian.Agree(id, registration.weight()));
          }
          parts.catalogue().registered(all);
          system.tell(new NodeGuardian.Changed(id));
          NodeGuardian.home(system, id)
              .tell(
                  new DeltaEntity.Refresh(
                      pinned
                          ? DeltaEntity.Refresh.Eagerness.NOW
                          : DeltaEntity.Refresh.Eagerness.WHEN_ASKED));
        },
        board::replicas);
  }

  private static ExecutionContextExecutor blocking(ActorSystem<?> system) {
    return system.dispatchers().lookup(DispatcherSelector.blocking());
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
        settings.askAgain(),
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
