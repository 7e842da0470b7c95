package tributary.actors;

import akka.actor.ActorRef;
import akka.actor.Address;
import akka.actor.Terminated;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.Adapter;
import akka.stream.Attributes;
import akka.stream.Outlet;
import akka.stream.SourceShape;
import akka.stream.javadsl.Source;
import akka.stream.stage.AbstractInHandler;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.stream.stage.TimerGraphStageLogic;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;
import scala.runtime.BoxedUnit;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.TokenEvent;

/**
 * The reader of one sequence as a stream: asks the variant's entity, then takes tokens from the
 * device that accepted, as many as its window holds, and tells of new room as they are pulled.
 *
 * <p>Every way to lose the other side ends the stream: a missing index, the device's or its node's
 * end, a node that the cluster cannot reach, an owner that does not answer in time. Nothing is
 * waited for without a bound.
 *
 * <p>A request that was lost before a device accepted it is asked again, by a reader of its own:
 * what still comes of the first is for one that is gone. How often is bounded by the time that a
 * request may take until it is answered.
 */
final class TokenSource extends GraphStage<SourceShape<TokenEvent>> {
  /**
   * Bounds of the token path.
   *
   * @param windowTokens that may be under way or buffered
   * @param askAgain after which a request is asked again that no entity has received
   * @param answerMax in which a request must be accepted or refused, and a probe answered
   * @param quietMax without a message, after which the device is probed
   * @param tick how often the two are looked at
   * @param unreachable whether the cluster has lost sight of a node
   */
  record Settings(
      int windowTokens,
      Duration askAgain,
      Duration answerMax,
      Duration quietMax,
      Duration tick,
      Predicate<Address> unreachable,
      MonotonicClock clock) {}

  private static final String TICK = "tick";

  private final GenerationRequest request;
  private final ShardedGeneration generation;
  private final Settings settings;
  private final @Nullable Nanos askedBefore;
  private final Outlet<TokenEvent> out = Outlet.create("TokenSource.out");
  private final SourceShape<TokenEvent> shape = SourceShape.of(out);

  TokenSource(GenerationRequest request, ShardedGeneration generation) {
    this(request, generation, null);
  }

  /**
   * @param askedBefore when the request was asked for the first time; null: it has not been yet
   */
  private TokenSource(
      GenerationRequest request, ShardedGeneration generation, @Nullable Nanos askedBefore) {
    this.request = request;
    this.generation = generation;
    this.settings = generation.settings();
    this.askedBefore = askedBefore;
  }

  @Override
  public SourceShape<TokenEvent> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes inheritedAttributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private final TokenWindow window = new TokenWindow(settings.windowTokens());
    private final Queue<TokenEvent> buffer = new ArrayDeque<>();
    private Nanos firstAsked = Nanos.ZERO;
    private @Nullable RecipientRef<DeltaEntity.Command> asked;
    private akka.actor.typed.@Nullable ActorRef<DeltaEntity.Command> owner;
    private akka.actor.typed.@Nullable ActorRef<DeviceActor.Command> device;
    private boolean ended;
    private Nanos lastHeard = Nanos.ZERO;
    private @Nullable Nanos probedAt;

    Logic() {
      super(shape);
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              pushNext();
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
              if (!ended) {
                withdraw();
              }
              completeStage();
            }
          });
    }

    /** Whether it is refused is judged now, which may be long after the stage was made. */
    @Override
    public void preStart() {
      Optional<Refusal> refusal = generation.refusal(request);
      if (refusal.isPresent()) {
        end(new TokenEvent.Failed(request.id(), refusal.get()));
      } else {
        ask();
      }
    }

    private void ask() {
      ActorRef self = getStageActor(this::receive).ref();
      lastHeard = settings.clock().now();
      firstAsked = askedBefore == null ? lastHeard : askedBefore;
      asked = generation.entities().apply(request);
      asked.tell(new DeltaEntity.Generate(request, settings.windowTokens(), Adapter.toTyped(self)));
      scheduleWithFixedDelay(TICK, settings.tick(), settings.tick());
    }

    private BoxedUnit receive(Tuple2<ActorRef, Object> envelope) {
      if (!ended) {
        lastHeard = settings.clock().now();
        probedAt = null;
        switch (envelope._2()) {
          case ReaderMessage message -> hear(message);
          case Terminated end -> ended(end.getActor());
          case Object other -> throw new AssertionError("a token reader was told " + other);
        }
      }
      return BoxedUnit.UNIT;
    }

    private void hear(ReaderMessage message) {
      switch (message) {
        case ReaderMessage.Received(_, var by) -> received(by);
        case ReaderMessage.Accepted(_, var acceptedBy) -> accepted(acceptedBy);
        case ReaderMessage.Event(var event) -> take(event);
        case ReaderMessage.Status(_, var sent) -> {
          if (sent != window.received()) {
            breakOff("%d tokens were sent, %d came".formatted(sent, window.received()));
          }
        }
        case ReaderMessage.Unknown _ -> breakOff("the device no longer knows it; its end was lost");
      }
    }

    private void received(akka.actor.typed.ActorRef<DeltaEntity.Command> by) {
      if (device == null && owner == null) {
        owner = by;
        stageActor().watch(Adapter.toClassic(by));
      }
    }

    private void ended(ActorRef actor) {
      if (device == null) {
        askAgain();
      } else if (actor.equals(Adapter.toClassic(device))) {
        breakOff("the device that ran it ended");
      }
    }

    private void accepted(akka.actor.typed.ActorRef<DeviceActor.Command> acceptedBy) {
      device = acceptedBy;
      stageActor().watch(Adapter.toClassic(acceptedBy));
    }

    private void take(TokenEvent event) {
      switch (event) {
        case TokenEvent.Token token -> {
          if (window.receive(token.index())) {
            deliver(token);
          } else {
            breakOff(
                "token %d came where %d was next, with credit for %d"
                    .formatted(token.index(), window.received(), window.granted()));
          }
        }
        case TokenEvent.PromptRead read -> deliver(read);
        case TokenEvent.Finished finished -> {
          if (finished.usage().completionTokens() == window.received()) {
            end(finished);
          } else {
            breakOff(
                "it finished with %d tokens, %d came"
                    .formatted(finished.usage().completionTokens(), window.received()));
          }
        }
        case TokenEvent.Failed failed -> end(failed);
      }
    }

    /**
     * Bounded: the prompt has an end, the window lets no more tokens in than it has room for, and
     * one end follows.
     */
    private void deliver(TokenEvent event) {
      buffer.add(event);
      if (isAvailable(out)) {
        pushNext();
      }
    }

    private void pushNext() {
      TokenEvent event = buffer.poll();
      if (event == null) {
        return;
      }
      push(out, event);
      switch (event) {
        case TokenEvent.Token _ -> window.deliver().ifPresent(this::grant);
        case TokenEvent.PromptRead _ -> {}
        case TokenEvent.Finished _, TokenEvent.Failed _ -> completeStage();
      }
    }

    private void grant(int tokens) {
      if (device != null && !ended) {
        device.tell(new DeviceActor.Credit(request.id(), tokens));
      }
    }

    private void end(TokenEvent last) {
      ended = true;
      deliver(last);
    }

    private void breakOff(String what) {
      withdraw();
      end(failed(ErrorCode.STREAM_BROKEN, "the stream broke: " + what + "; ask again"));
    }

    /** Nothing of an answer has come yet, so it may begin anew. */
    private void askAgain() {
      withdraw();
      ended = true;
      cancelTimer(TICK);
      stageActor().stop();
      var again = new SubSinkInlet<TokenEvent>("TokenSource.again");
      again.setHandler(
          new AbstractInHandler() {
            @Override
            public void onPush() {
              push(out, again.grab());
            }
          });
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              again.pull();
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
              again.cancel(cause);
              completeStage();
            }
          });
      Source.fromGraph(new TokenSource(request, generation, firstAsked))
          .runWith(again.sink(), subFusingMaterializer());
      if (isAvailable(out)) {
        again.pull();
      }
    }

    /** Ends the sequence wherever it is. Before a device accepted, the entity knows where. */
    private void withdraw() {
      if (device != null) {
        device.tell(new DeviceActor.Cancel(request.id()));
      } else if (asked != null) {
        asked.tell(new DeltaEntity.Cancel(request.id()));
      }
    }

    @Override
    public void onTimer(Object key) {
      if (ended) {
        return;
      }
      Nanos quiet = settings.clock().now().minus(lastHeard);
      if (device == null) {
        awaitAnswer(quiet);
      } else if (settings.unreachable().test(device.path().address())) {
        breakOff("its node is out of reach");
      } else if (probedAt != null) {
        if (exceeds(settings.clock().now().minus(probedAt), settings.answerMax())) {
          breakOff("the device is silent");
        }
      } else if (exceeds(quiet, settings.quietMax())) {
        probe(device);
      }
    }

    private void awaitAnswer(Nanos quiet) {
      if (exceeds(settings.clock().now().minus(firstAsked), settings.answerMax())) {
        withdraw();
        end(
            failed(
                ErrorCode.DEADLINE_EXCEEDED,
                "model %s gave no answer within %s; ask again"
                    .formatted(request.model(), settings.answerMax())));
      } else if (owner == null && exceeds(quiet, settings.askAgain())) {
        askAgain();
      } else if (owner != null && settings.unreachable().test(owner.path().address())) {
        askAgain();
      }
    }

    private void probe(akka.actor.typed.ActorRef<DeviceActor.Command> device) {
      probedAt = settings.clock().now();
      // A credit that was lost would look like a reader that wants nothing.
      device.tell(new DeviceActor.Credit(request.id(), window.granted()));
      device.tell(new DeviceActor.Probe(request.id(), Adapter.toTyped(stageActor().ref())));
    }

    private TokenEvent failed(ErrorCode code, String message) {
      return new TokenEvent.Failed(request.id(), Refusal.of(code, message));
    }

    private static boolean exceeds(Nanos span, Duration limit) {
      return span.count() > limit.toNanos();
    }
  }
}
