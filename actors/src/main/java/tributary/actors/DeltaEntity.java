package tributary.actors;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Function;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;
import tributary.protocol.TributaryException;

/**
 * One variant on one node: cold, then loading, then resident, then retiring to cold again when it
 * is idle. As its home it lives on one node of the cluster at a time. A replica of it on another
 * node loads at once, takes memory from none that is needed, and ends where a home would be cold or
 * serve an old version on. It brings requests and weights together; tokens go from the device to
 * the reader without it.
 *
 * <p>Its stop message ends it at once in every state, as does the end of its shard: what is loaded
 * belongs to the device by then, which frees it after the last sequence, and what is still loading
 * is freed when it comes.
 */
final class DeltaEntity {
  sealed interface Command {}

  /** Asks for a sequence; the reader is told whether a device took it. */
  record Generate(GenerationRequest request, int credit, ActorRef<ReaderMessage> reader)
      implements Command, WireMessage {}

  /** Withdraws a request that no device has accepted yet, as far as the reader knows. */
  record Cancel(RequestId request) implements Command, WireMessage {}

  /** The device runs no sequence of a loading, having seen {@code submits} of them. */
  record Unused(LoadedDelta delta, long submits) implements Command {}

  /** A loading's memory is free. */
  record Released(LoadedDelta delta) implements Command {}

  /** The loading must make room for others: let go of it. */
  record Evict(LoadedDelta delta) implements Command {}

  /**
   * The variant's registration may have changed. A newer version is loaded beside the old, then new
   * requests go to it and the old one is let go; a variant that is gone is let go at once.
   */
  record Refresh(Eagerness eagerness) implements Command, WireMessage {
    /** Whether a variant that nobody asked for yet is loaded. */
    enum Eagerness {
      WHEN_ASKED,
      NOW
    }
  }

  /** The stop message of sharding. */
  record Stop() implements Command {}

  private record Loaded(LoadedDelta delta) implements Command {}

  private record LoadFailed(Throwable cause) implements Command {}

  /** The version that a load would bring now. */
  private record Current(String version) implements Command {}

  /** The variant takes no requests any more, or its registration cannot be read. */
  private record NotCurrent(Throwable cause) implements Command {}

  /** What an entity is to its variant. */
  private enum Kind {
    HOME,
    REPLICA
  }

  private enum Timeout implements Command {
    LOAD,
    IDLE,
    BACK_OFF
  }

  private record DeviceGone() implements Command {}

  /**
   * Bounds of a variant's life.
   *
   * @param loadTimeout after which those who wait for a load are refused
   * @param idleUnload without a sequence, after which the weights are released
   * @param waitingMax requests that wait for a load; one more is refused
   * @param backOffMin from a failed load until the next may start; doubles with each failure
   * @param backOffMax at most so long
   */
  record Settings(
      Duration loadTimeout,
      Duration idleUnload,
      int waitingMax,
      Duration backOffMin,
      Duration backOffMax) {}

  /** What all entities of a node share. */
  record Parts(
      ActorRef<DeviceActor.Command> device,
      DeltaLoader loader,
      NodeMetrics metrics,
      Settings settings) {}

  private record Who(DeltaId id, Kind kind) {}

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final DeltaId id;
  private final Kind kind;
  private final ActorRef<DeviceActor.Command> device;
  private final DeltaLoader loader;
  private final NodeMetrics metrics;
  private final Settings settings;
  private final LinkedHashMap<RequestId, Generate> waiting = new LinkedHashMap<>();
  private int failures;

  /** A refresh came while a load was under way, which may bring an old version. */
  private boolean refreshLater;

  private DeltaEntity(
      ActorContext<Command> context, TimerScheduler<Command> timers, Who who, Parts parts) {
    this.context = context;
    this.timers = timers;
    this.id = who.id();
    this.kind = who.kind();
    this.device = parts.device();
    this.loader = parts.loader();
    this.metrics = parts.metrics();
    this.settings = parts.settings();
  }

  /** The home of a variant, which waits to be asked. */
  static Behavior<Command> create(DeltaId id, Parts parts) {
    return create(new Who(id, Kind.HOME), parts, DeltaEntity::cold);
  }

  /** A replica of a variant, which loads at once. */
  static Behavior<Command> replica(DeltaId id, Parts parts) {
    return create(new Who(id, Kind.REPLICA), parts, DeltaEntity::load);
  }

  private static Behavior<Command> create(
      Who who, Parts parts, Function<DeltaEntity, Behavior<Command>> first) {
    return Behaviors.setup(context ->
        Behaviors.withTimers(timers -> {
          context.watchWith(parts.device(), new DeviceGone());
          return first.apply(new DeltaEntity(context, timers, who, parts));
        }));
  }

  private Behavior<Command> cold() {
    metrics.tier(id, this, Tier.COLD);
    return receive(command ->
        switch (command) {
          case Generate first -> load(first);
          case Refresh(var eagerness) ->
              eagerness == Refresh.Eagerness.NOW ? load() : Behaviors.same();
          case Stop _ -> stopped();
          case DeviceGone _ -> orphaned();
          case Cancel _,
              Unused _,
              Released _,
              Evict _,
              Loaded _,
              LoadFailed _,
              Current _,
              NotCurrent _,
              Timeout _ ->
              Behaviors.same();
        });
  }

  /** Cold, and not to be tried again before a moment has passed. */
  private Behavior<Command> backingOff(Refusal refusal) {
    metrics.tier(id, this, Tier.COLD);
    return receive(command ->
        switch (command) {
          case Generate generate -> refuse(generate, refusal);
          case Timeout timeout -> timeout == Timeout.BACK_OFF ? cold() : Behaviors.same();
          case Refresh _ -> cold();
          case Stop _ -> stopped();
          case DeviceGone _ -> orphaned();
          case Cancel _,
              Unused _,
              Released _,
              Evict _,
              Loaded _,
              LoadFailed _,
              Current _,
              NotCurrent _ ->
              Behaviors.same();
        });
  }

  private Behavior<Command> load(Generate first) {
    wait(first);
    return load();
  }

  private Behavior<Command> load() {
    CompletableFuture<LoadedDelta> loading = startLoad();
    timers.startSingleTimer(Timeout.LOAD, settings.loadTimeout());
    return loading(loading);
  }

  private CompletableFuture<LoadedDelta> startLoad() {
    ActorRef<Command> self = context.getSelf();
    Consumer<LoadedDelta> evict = delta -> self.tell(new Evict(delta));
    CompletableFuture<LoadedDelta> loading =
        kind == Kind.HOME ? loader.load(id, evict) : loader.loadSpare(id, evict);
    context.pipeToSelf(
        loading, (delta, failure) -> failure == null ? new Loaded(delta) : new LoadFailed(failure));
    return loading;
  }

  private Behavior<Command> loading(CompletableFuture<LoadedDelta> loading) {
    metrics.tier(id, this, Tier.LOADING);
    return Behaviors.receive(Command.class)
        .onAnyMessage(command ->
            switch (command) {
              case Generate next -> keepWaiting(next);
              case Cancel(var request) -> forget(request);
              case Loaded(var delta) -> resident(delta);
              case LoadFailed(var cause) -> failed(cause);
              case Timeout timeout -> timeout == Timeout.LOAD ? overdue(loading) : Behaviors.same();
              case Refresh _ -> refreshLater();
              case Stop _ -> stopped();
              case DeviceGone _ -> {
                loader.abandon(loading);
                yield orphaned();
              }
              case Unused _, Released _, Evict _, Current _, NotCurrent _ -> Behaviors.same();
            })
        .onSignal(PostStop.class, _ -> abandon(loading))
        .build();
  }

  /** The load takes too long. There is no second one while it runs; if it ends well, it counts. */
  private Behavior<Command> overdue(CompletableFuture<LoadedDelta> loading) {
    Refusal refusal =
        Refusal.of(
            ErrorCode.DELTA_UNAVAILABLE,
            "model %s is not loaded after %s; ask again later or raise deltas.load-timeout"
                .formatted(id, settings.loadTimeout()));
    context.getLog().warn(refusal.message());
    if (kind == Kind.REPLICA) {
      return stopped();
    }
    refuseWaiting(refusal);
    return Behaviors.receive(Command.class)
        .onAnyMessage(command ->
            switch (command) {
              case Generate generate -> refuse(generate, refusal);
              case Loaded(var delta) -> resident(delta);
              case LoadFailed(var cause) -> failed(cause);
              case Refresh _ -> refreshLater();
              case Stop _ -> stopped();
              case DeviceGone _ -> {
                loader.abandon(loading);
                yield orphaned();
              }
              case Cancel _, Unused _, Released _, Evict _, Current _, NotCurrent _, Timeout _ ->
                  Behaviors.same();
            })
        .onSignal(PostStop.class, _ -> abandon(loading))
        .build();
  }

  private Behavior<Command> resident(LoadedDelta delta) {
    failures = 0;
    timers.cancel(Timeout.LOAD);
    metrics.tier(id, this, Tier.RESIDENT);
    metrics.loaded(id, delta.version());
    device.tell(new DeviceActor.Attach(delta, context.getSelf()));
    var submitted = new Submits(delta);
    waiting.values().forEach(submitted::submit);
    waiting.clear();
    if (submitted.count == 0) {
      loader.used(delta, false);
      startIdling();
    }
    if (refreshLater) {
      refreshLater = false;
      askVersion();
    }
    return serving(submitted);
  }

  /** The device has the weights; requests go through. */
  private Behavior<Command> serving(Submits submitted) {
    LoadedDelta delta = submitted.delta;
    return receive(command ->
        switch (command) {
          case Generate generate -> submit(submitted, generate);
          case Cancel(var request) -> cancelAtDevice(request);
          case Unused unused -> idleIfUnused(submitted, unused);
          case Timeout timeout -> timeout == Timeout.IDLE ? retiring(delta) : Behaviors.same();
          case Evict(var evicted) -> evicted.equals(delta) ? evicted(delta) : Behaviors.same();
          case Refresh _ -> askVersion();
          case Current(var version) ->
              version.equals(delta.version())
                  ? Behaviors.same()
                  : replacing(submitted, startLoad());
          case NotCurrent(var cause) -> gone(delta, cause);
          case Stop _ -> stopped();
          case DeviceGone _ -> orphaned();
          case Released _, Loaded _, LoadFailed _ -> Behaviors.same();
        });
  }

  /** Serves one version while another is loading; from its arrival on all new requests get that. */
  private Behavior<Command> replacing(Submits submitted, CompletableFuture<LoadedDelta> loading) {
    LoadedDelta delta = submitted.delta;
    return Behaviors.receive(Command.class)
        .onAnyMessage(command ->
            switch (command) {
              case Generate generate -> submit(submitted, generate);
              case Cancel(var request) -> cancelAtDevice(request);
              case Unused unused -> idleIfUnused(submitted, unused);
              case Loaded(var next) -> {
                timers.cancel(Timeout.IDLE);
                device.tell(new DeviceActor.Release(delta));
                yield resident(next);
              }
              case LoadFailed(var cause) -> {
                context.getLog().error("model {} stays at version {}", id, delta.version(), cause);
                yield kind == Kind.REPLICA
                    ? stopped()
                    : refreshLater ? again(submitted) : serving(submitted);
              }
              case Refresh _ -> refreshLater();
              case Evict(var evicted) -> {
                if (evicted.equals(delta)) {
                  // The new version may wait for this very memory; requests wait with it.
                  metrics.evicted(id);
                  device.tell(new DeviceActor.Release(delta));
                  timers.startSingleTimer(Timeout.LOAD, settings.loadTimeout());
                  yield kind == Kind.REPLICA ? stopped() : loading(loading);
                }
                yield Behaviors.same();
              }
              case Stop _ -> stopped();
              case DeviceGone _ -> {
                loader.abandon(loading);
                yield orphaned();
              }
              case Released _, Current _, NotCurrent _, Timeout _ -> Behaviors.same();
            })
        .onSignal(PostStop.class, _ -> abandon(loading))
        .build();
  }

  private Behavior<Command> again(Submits submitted) {
    refreshLater = false;
    askVersion();
    return serving(submitted);
  }

  private Behavior<Command> submit(Submits submitted, Generate generate) {
    timers.cancel(Timeout.IDLE);
    acknowledge(generate);
    submitted.submit(generate);
    return Behaviors.same();
  }

  private Behavior<Command> cancelAtDevice(RequestId request) {
    device.tell(new DeviceActor.Cancel(request));
    return Behaviors.same();
  }

  private Behavior<Command> idleIfUnused(Submits submitted, Unused unused) {
    if (unused.delta().equals(submitted.delta) && unused.submits() == submitted.count) {
      startIdling();
    }
    return Behaviors.same();
  }

  private Behavior<Command> evicted(LoadedDelta delta) {
    metrics.evicted(id);
    return retiring(delta);
  }

  /** Requests that are under way end; new ones will be told why there are no more. */
  private Behavior<Command> gone(LoadedDelta delta, Throwable cause) {
    context.getLog().info("model {} is let go: {}", id, cause.getMessage());
    return retiring(delta);
  }

  private Behavior<Command> refreshLater() {
    refreshLater = true;
    return Behaviors.same();
  }

  private Behavior<Command> askVersion() {
    context.pipeToSelf(
        loader.version(id),
        (version, failure) -> failure == null ? new Current(version) : new NotCurrent(failure));
    return Behaviors.same();
  }

  /** Counts what went to the device, to tell an old report of idleness from a true one. */
  private final class Submits {
    private final LoadedDelta delta;
    private long count;

    Submits(LoadedDelta delta) {
      this.delta = delta;
    }

    void submit(Generate generate) {
      count++;
      device.tell(
          new DeviceActor.Submit(generate.request(), generate.credit(), delta, generate.reader()));
    }
  }

  /** Waits until the memory is free, lest a request that comes now needs it twice. */
  private Behavior<Command> retiring(LoadedDelta delta) {
    if (kind == Kind.REPLICA) {
      return stopped();
    }
    metrics.tier(id, this, Tier.RETIRING);
    device.tell(new DeviceActor.Release(delta));
    return receive(command ->
        switch (command) {
          case Generate next -> keepWaiting(next);
          case Cancel(var request) -> forget(request);
          case Released(var released) ->
              !released.equals(delta) ? Behaviors.same() : waiting.isEmpty() ? cold() : load();
          case Stop _ -> stopped();
          case DeviceGone _ -> orphaned();
          // A load that comes now gets the newest version anyway.
          case Unused _,
              Loaded _,
              LoadFailed _,
              Evict _,
              Refresh _,
              Current _,
              NotCurrent _,
              Timeout _ ->
              Behaviors.same();
        });
  }

  /** The device ended and the node with it; the variant will be asked for elsewhere. */
  private Behavior<Command> orphaned() {
    Refusal refusal =
        Refusal.of(
            ErrorCode.SHUTTING_DOWN,
            "the node of model %s is shutting down; ask again".formatted(id));
    metrics.tier(id, this, Tier.COLD);
    refuseWaiting(refusal);
    return receive(command ->
        switch (command) {
          case Generate generate -> refuse(generate, refusal);
          case Stop _ -> stopped();
          case Cancel _,
              Unused _,
              Released _,
              Evict _,
              Refresh _,
              Loaded _,
              LoadFailed _,
              Current _,
              NotCurrent _,
              Timeout _,
              DeviceGone _ ->
              Behaviors.same();
        });
  }

  /**
   * The device watches this actor and releases what it attached; the readers of those who wait see
   * it end and ask where the variant lives from now on.
   */
  private Behavior<Command> stopped() {
    return Behaviors.stopped();
  }

  /**
   * A state in which nothing is under way that an end without a stop message could leave behind.
   */
  private Behavior<Command> receive(Function<Command, Behavior<Command>> state) {
    return Behaviors.receive(Command.class)
        .onAnyMessage(state::apply)
        .onSignal(PostStop.class, _ -> ended())
        .build();
  }

  private Behavior<Command> ended() {
    metrics.tier(id, this, Tier.COLD);
    return Behaviors.same();
  }

  private Behavior<Command> abandon(CompletableFuture<LoadedDelta> loading) {
    loader.abandon(loading);
    return ended();
  }

  private Behavior<Command> keepWaiting(Generate next) {
    if (waiting.size() >= settings.waitingMax()) {
      return refuse(
          next,
          Refusal.of(
              ErrorCode.QUEUE_FULL,
              "model %s is loading and %d requests wait for it already; ask again"
                  .formatted(id, waiting.size())));
    }
    wait(next);
    return Behaviors.same();
  }

  /** Asked again, a request takes its own earlier place. */
  private void wait(Generate next) {
    waiting.put(next.request().id(), next);
    acknowledge(next);
  }

  private void acknowledge(Generate generate) {
    var received = new ReaderMessage.Received(generate.request().id(), context.getSelf());
    generate.reader().tell(received);
  }

  private Behavior<Command> forget(RequestId request) {
    waiting.remove(request);
    return Behaviors.same();
  }

  private Behavior<Command> failed(Throwable cause) {
    timers.cancel(Timeout.LOAD);
    Throwable root =
        cause instanceof CompletionException && cause.getCause() != null ? cause.getCause() : cause;
    if (kind == Kind.REPLICA) {
      context.getLog().warn("model {} gets no replica here: {}", id, root.getMessage());
      return stopped();
    }
    context.getLog().error("model {} cannot be loaded", id, root);
    Duration pause = backOff(failures++);
    Refusal refusal = unavailable(root, pause);
    refuseWaiting(refusal);
    timers.startSingleTimer(Timeout.BACK_OFF, pause);
    return backingOff(refusal);
  }

  private Duration backOff(int failures) {
    Duration pause = settings.backOffMin().multipliedBy(1L << Math.min(failures, 20));
    return pause.compareTo(settings.backOffMax()) < 0 ? pause : settings.backOffMax();
  }

  private Refusal unavailable(Throwable cause, Duration pause) {
    // Other faults than of files and settings show no inner detail to callers; the log has it.
    String reason =
        cause instanceof TributaryException known
            ? known.code().wireName() + ": " + known.text()
            : Refusal.of(cause).code().wireName();
    return new Refusal(
        ErrorCode.DELTA_UNAVAILABLE,
        "model %s cannot be loaded: %s".formatted(id, reason),
        null,
        new Nanos(pause.toNanos()));
  }

  private void startIdling() {
    timers.startSingleTimer(Timeout.IDLE, settings.idleUnload());
  }

  private void refuseWaiting(Refusal refusal) {
    waiting.values().forEach(generate -> tell(generate, refusal));
    waiting.clear();
  }

  private Behavior<Command> refuse(Generate generate, Refusal refusal) {
    tell(generate, refusal);
    return Behaviors.same();
  }

  private void tell(Generate generate, Refusal refusal) {
    metrics.refused(id);
    generate
        .reader()
        .tell(new ReaderMessage.Event(new TokenEvent.Failed(generate.request().id(), refusal)));
  }
}
