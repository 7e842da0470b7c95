package tributary.actors;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.Signal;
import akka.actor.typed.javadsl.AbstractOnMessageBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Haste;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;
import tributary.scheduling.Arrival;
import tributary.scheduling.Scheduler;
import tributary.scheduling.StepExecutor;
import tributary.scheduling.StepPlan;
import tributary.scheduling.StepResult;
import tributary.scheduling.TenantTerms;

/**
 * One device: runs its scheduler's steps on a thread of its own and tells readers their tokens.
 *
 * <p>A step ends with a message to itself that asks for the next, so whatever arrived during a step
 * is heard before the next one. With nothing to compute there is no such message and no work.
 */
final class DeviceActor extends AbstractOnMessageBehavior<DeviceActor.Command> {
  sealed interface Command {}

  /** The reader can take tokens with indices below {@code tokens}. May be repeated. */
  record Credit(RequestId request, int tokens) implements Command, WireMessage {}

  /** The reader went away or withdrew. */
  record Cancel(RequestId request) implements Command, WireMessage {}

  /** Asks how far a sequence is, for a reader that has heard nothing for long. */
  record Probe(RequestId request, ActorRef<ReaderMessage> reader) implements Command, WireMessage {}

  /** A loading that sequences may use from now on, until its owner releases it or ends. */
  record Attach(LoadedDelta delta, ActorRef<DeltaEntity.Command> owner) implements Command {}

  /** A sequence to run; its reader is told that it was accepted, or why not. */
  record Submit(
      GenerationRequest request, int credit, LoadedDelta delta, ActorRef<ReaderMessage> reader)
      implements Command {}

  /** No more sequences will come for a loading: free it when the last one has ended. */
  record Release(LoadedDelta delta) implements Command {}

  /** Compute with a loading at this width from the next step on. */
  record ServeAt(LoadedDelta delta, int width, CompletableFuture<@Nullable Void> served)
      implements Command {}

  /** What a variant is entitled to beside others from now on. */
  record Agree(DeltaId delta, int weight) implements Command {}

  /** Tell the tokens that the sequences of each variant wait for. */
  record Queue(ActorRef<Map<DeltaId, Long>> replyTo) implements Command {}

  /** Refuse new sequences; answer when the running ones have ended. */
  record Drain(ActorRef<Done> replyTo) implements Command {}

  /** End: running sequences fail. */
  record Stop() implements Command {}

  private enum Internal implements Command {
    STEP,
    CHECK_READERS
  }

  private record ReaderGone(RequestId request, ActorRef<ReaderMessage> reader) implements Command {}

  private record OwnerGone(ActorRef<DeltaEntity.Command> owner) implements Command {}

  /** What the device works with; one owner each, the device. */
  record Parts(
      Scheduler scheduler,
      Engine engine,
      DeltaLoader loader,
      NodeMetrics metrics,
      MonotonicClock clock) {}

  private final TimerScheduler<Command> timers;
  private final Scheduler scheduler;
  private final Engine engine;
  private final StepExecutor executor;
  private final NodeMetrics metrics;
  private final MonotonicClock clock;
  private final Duration readerCheckInterval;
  private final AttachedDeltas deltas;
  private final DeltaStore store;
  private final DeltaLoader loader;
  private final Map<RequestId, DeviceSequence> sequences = new HashMap<>();
  private final List<ActorRef<Done>> drainWaiters = new ArrayList<>();
  private boolean stepQueued;
  private Optional<Refusal> keysAndValuesLost = Optional.empty();

  private DeviceActor(ActorContext<Command> context, TimerScheduler<Command> timers, Parts parts) {
    super(context);
    this.timers = timers;
    this.scheduler = parts.scheduler();
    this.engine = parts.engine();
    this.metrics = parts.metrics();
    this.clock = parts.clock();
    this.readerCheckInterval = checkInterval(parts.engine().limits().slowReaderMax());
    this.store = parts.engine().deltas();
    this.loader = parts.loader();
    this.deltas =
        new AttachedDeltas(parts.loader(), delta -> scheduler.unloaded(delta.id(), delta.number()));
    parts.loader().servedBy(server(context.getSelf()));
    this.executor = parts.engine().executor(request -> sequence(request).delta());
  }

  static Behavior<Command> create(Parts parts) {
    return Behaviors.setup(
        context -> Behaviors.withTimers(timers -> new DeviceActor(context, timers, parts)));
  }

  @Override
  public Behavior<Command> onMessage(Command message) {
    Behavior<Command> next = this;
    switch (message) {
      case Internal.STEP -> step();
      case Internal.CHECK_READERS -> endSlowReaders();
      case Credit(var request, var tokens) -> credit(request, tokens);
      case Cancel(var request) -> end(request);
      case ReaderGone(var request, var reader) -> readerGone(request, reader);
      case Probe(var request, var reader) -> answerProbe(request, reader);
      case Attach(var delta, var owner) -> attach(delta, owner);
      case Submit submit -> submit(submit);
      case ServeAt serve -> serveAt(serve);
      case Agree(var delta, var weight) ->
          scheduler.terms(delta, TenantTerms.DEFAULT.withWeight(weight));
      case Queue(var replyTo) -> replyTo.tell(scheduler.queuedTokens());
      case Release(var delta) -> deltas.released(delta);
      case OwnerGone(var owner) -> deltas.ownerGone(owner);
      case Drain(var replyTo) -> drain(replyTo);
      case Stop _ -> {
        failAll(Refusal.of(ErrorCode.SHUTTING_DOWN, "this node is shutting down; ask again"));
        next = Behaviors.stopped();
      }
    }
    metrics.scheduler(scheduler.load(), scheduler.prefixes());
    return next;
  }

  @Override
  public Behavior<Command> onSignal(Signal signal) {
    if (signal instanceof PostStop) {
      // After a failure the scheduler may be in any state: nothing here may need it.
      var broken = Refusal.of(ErrorCode.STREAM_BROKEN, "the device ended before the sequence did");
      sequences.values().forEach(left -> left.reader().tell(failed(left.id(), broken)));
      sequences.clear();
      deltas.clear();
    }
    return this;
  }

  private void attach(LoadedDelta delta, ActorRef<DeltaEntity.Command> owner) {
    deltas.attach(delta, owner);
    noteWidth(delta);
    getContext().watchWith(owner, new OwnerGone(owner));
  }

  private void noteWidth(LoadedDelta delta) {
    scheduler.width(delta.number(), store.width(delta));
    metrics.width(delta.id(), store.width(delta));
  }

  private void submit(Submit submit) {
    var request = submit.request();
    deltas.submitted(submit.delta(), clock.now());
    end(request.id()); // Asked again: whoever read the first answer does no more.
    Optional<Refusal> refusal =
        Vocabulary.refusal(request, submit.delta().vocabularySize())
            .or(() -> engine.refusal(request))
            .or(() -> scheduler.arrived(arrival(submit, clock.now()), clock.now()));
    if (refusal.isPresent()) {
      metrics.refused(submit.delta().id());
      submit.reader().tell(failed(request.id(), refusal.get()));
      deltas.ended(submit.delta());
      return;
    }
    metrics.sequenceTaken(submit.delta().id(), request.prompt().count());
    sequences.put(
        request.id(),
        new DeviceSequence(
            request.id(),
            submit.delta(),
            submit.reader(),
            metrics.arrived(submit.delta().id(), clock.now())));
    getContext().watchWith(submit.reader(), new ReaderGone(request.id(), submit.reader()));
    submit.reader().tell(new ReaderMessage.Accepted(request.id(), getContext().getSelf()));
    if (sequences.size() == 1) {
      timers.startTimerWithFixedDelay(Internal.CHECK_READERS, readerCheckInterval);
    }
    queueStep();
  }

  /** A deadline runs from here on; the node that the request came in by has the last word. */
  private static Arrival arrival(Submit submit, Nanos now) {
    Haste haste = submit.request().haste();
    Nanos within = haste.within();
    return new Arrival(
        submit.request(),
        submit.credit(),
        submit.delta().number(),
        haste.urgency(),
        within == null ? null : now.plus(within));
  }

  private static DeltaLoader.Server server(ActorRef<Command> self) {
    return (delta, width) -> {
      var served = new CompletableFuture<@Nullable Void>();
      self.tell(new ServeAt(delta, width, served));
      return served;
    };
  }

  private void serveAt(ServeAt serve) {
    LoadedDelta delta = serve.delta();
    store.serveAt(delta, serve.width());
    if (deltas.holds(delta)) { // Otherwise its owner has not come yet, or has let go.
      noteWidth(delta);
    }
    serve.served().complete(null);
  }

  private void credit(RequestId request, int tokens) {
    scheduler.credit(request, tokens, clock.now());
    queueStep();
  }

  private void answerProbe(RequestId request, ActorRef<ReaderMessage> reader) {
    DeviceSequence sequence = sequences.get(request);
    reader.tell(
        sequence == null
            ? new ReaderMessage.Unknown(request)
            : new ReaderMessage.Status(request, sequence.tokensSent()));
  }

  private void queueStep() {
    if (!stepQueued) {
      stepQueued = true;
      getContext().getSelf().tell(Internal.STEP);
    }
  }

  private void step() {
    stepQueued = false;
    Nanos begun = clock.now();
    StepPlan plan = scheduler.plan(begun);
    if (plan.isEmpty()) {
      return;
    }
    StepResult result = run(plan);
    Nanos done = clock.now();
    for (StepPlan.Slice slice : plan.slices()) {
      DeviceSequence computed = sequence(slice.request().id());
      computed.computedAt(store.width(computed.delta()));
      computed.stepped(begun, done);
    }
    scheduler.completed(result, done).forEach(this::deliver);
    keysAndValuesLost.ifPresent(refusal -> {
      failAll(refusal);
      scheduler.memoryLost();
    });
    keysAndValuesLost = Optional.empty();
    metrics.stepDone();
    queueStep();
  }

  private StepResult run(StepPlan plan) {
    try {
      return executor.execute(plan);
    } catch (RuntimeException failure) {
      getContext()
          .getLog()
          .error(
              "step {} failed with its {} sequences", plan.number(), plan.slices().size(), failure);
      if (engine.restart(failure)) {
        getContext().getLog().warn("the device was restarted; {} sequences end", sequences.size());
        keysAndValuesLost = Optional.of(Refusal.of(failure));
      }
      return StepResult.failed(plan, Refusal.of(failure));
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
      getContext().getSelf().tell(new Stop());
      return StepResult.failed(
          plan, Refusal.of(ErrorCode.SHUTTING_DOWN, "the device was interrupted"));
    }
  }

  private void deliver(TokenEvent event) {
    DeviceSequence sequence = sequence(event.request());
    sequence.reader().tell(new ReaderMessage.Event(sequence.completed(event)));
    switch (event) {
      case TokenEvent.Token token -> {
        sequence.tokenSent();
        metrics.tokenDrawn(sequence.delta().id());
        if (token.index() == 0) { // So is a loading's first token, whose sequences came after it.
          deltas
              .firstToken(sequence.delta(), clock.now())
              .ifPresent(firstStep -> noteStart(sequence.delta(), firstStep));
        }
      }
      case TokenEvent.PromptRead _ -> {}
      case TokenEvent.Finished _, TokenEvent.Failed _ -> forget(sequence);
    }
  }

  private void noteStart(LoadedDelta delta, Nanos firstStep) {
    var start = ColdStarts.of(loader.queued(delta), store.phases(delta), firstStep);
    metrics.started(start);
    loader.started(delta);
    getContext().getLog().info("model {}: {}", delta.id(), start.inWords());
  }

  private void endSlowReaders() {
    scheduler.expire(clock.now()).forEach(this::deliver);
    queueStep(); // The pages of one may be what another waits for.
  }

  private void failAll(Refusal refusal) {
    List.copyOf(sequences.values()).forEach(sequence -> fail(sequence, refusal));
  }

  private void fail(DeviceSequence sequence, Refusal refusal) {
    scheduler.cancelled(sequence.id());
    sequence.reader().tell(failed(sequence.id(), refusal));
    forget(sequence);
  }

  /** Ends without a word, for a reader that is gone; unknown ids have just ended. */
  private void end(RequestId request) {
    DeviceSequence sequence = sequences.get(request);
    if (sequence != null) {
      scheduler.cancelled(request);
      forget(sequence);
      queueStep();
    }
  }

  private void readerGone(RequestId request, ActorRef<ReaderMessage> reader) {
    DeviceSequence sequence = sequences.get(request);
    if (sequence != null && sequence.reader().equals(reader)) {
      end(request);
    }
  }

  private void forget(DeviceSequence sequence) {
    sequences.remove(sequence.id());
    getContext().unwatch(sequence.reader());
    deltas.ended(sequence.delta());
    if (sequences.isEmpty()) {
      timers.cancel(Internal.CHECK_READERS);
      answerDrained();
    }
  }

  private void drain(ActorRef<Done> replyTo) {
    scheduler.refuseArrivals();
    drainWaiters.add(replyTo);
    if (sequences.isEmpty()) {
      answerDrained();
    }
  }

  private void answerDrained() {
    drainWaiters.forEach(waiter -> waiter.tell(Done.getInstance()));
    drainWaiters.clear();
  }

  private DeviceSequence sequence(RequestId request) {
    DeviceSequence sequence = sequences.get(request);
    if (sequence == null) {
      throw new AssertionError("the scheduler speaks of %s, which is not here".formatted(request));
    }
    return sequence;
  }

  /** Often enough that the limit is kept to within an eighth of it. */
  private static Duration checkInterval(Nanos slowReaderMax) {
    return Duration.ofNanos(Math.max(slowReaderMax.count() / 8, 1_000_000));
  }

  private static ReaderMessage failed(RequestId request, Refusal refusal) {
    return new ReaderMessage.Event(new TokenEvent.Failed(request, refusal));
  }
}
