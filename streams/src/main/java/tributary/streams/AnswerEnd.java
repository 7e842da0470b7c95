package tributary.streams;

import akka.NotUsed;
import akka.stream.Attributes;
import akka.stream.FlowShape;
import akka.stream.Inlet;
import akka.stream.Outlet;
import akka.stream.stage.AbstractInOutHandler;
import akka.stream.stage.AsyncCallback;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.stream.stage.TimerGraphStageLogic;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Precision;
import tributary.protocol.Refusal;
import tributary.protocol.Usage;

/**
 * Adds the end of an answer to the end of its last choice, once what was used is written down: an
 * answer is complete when the ledger has it, so that none is that a crash would forget. One failed
 * choice ends the whole answer, and so do its deadline, the server's end and a client that has
 * gone. One stage, because every event of every answer passes here.
 */
final class AnswerEnd extends GraphStage<FlowShape<AnswerEvent, AnswerEvent>> {
  /**
   * What it needs to end an answer.
   *
   * @param ledger writes down what was used; completes when that is done
   * @param deadline for the last choice's end
   * @param cutShort why choices are cut off
   * @param life is told when the answer begins and ends
   */
  record Means(
      Function<Usage, CompletionStage<?>> ledger,
      Duration deadline,
      Supplier<Refusal> cutShort,
      AnswerLife life) {}

  private final AcceptedRequest request;
  private final RequestTally tally;
  private final Means means;
  private final Inlet<AnswerEvent> in = Inlet.create("AnswerEnd.in");
  private final Outlet<AnswerEvent> out = Outlet.create("AnswerEnd.out");
  private final FlowShape<AnswerEvent, AnswerEvent> shape = FlowShape.of(in, out);

  AnswerEnd(AcceptedRequest request, RequestTally tally, Means means) {
    this.request = request;
    this.tally = tally;
    this.means = means;
  }

  @Override
  public FlowShape<AnswerEvent, AnswerEvent> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes inheritedAttributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private final AsyncCallback<AnswerEvent> written = createAsyncCallback(this::end);
    private final AsyncCallback<NotUsed> cutOff = createAsyncCallback(_ -> cutShort());
    private final AsyncCallback<NotUsed> deserted = createAsyncCallback(_ -> completeStage());
    private final Runnable cut = this::askToCut; // The same object in begin and end.
    private final Runnable leave = this::askToLeave;
    private int choicesLeft = request.choices().size();
    private int completionTokens;
    private @Nullable Precision precision;
    private @Nullable AnswerEvent last;

    Logic() {
      super(shape);
      setHandlers(
          in,
          out,
          new AbstractInOutHandler() {
            @Override
            public void onPush() {
              pass(grab(in));
            }

            @Override
            public void onPull() {
              if (last != null) {
                pushLast(last);
              } else if (choicesLeft > 0) {
                pull(in);
              }
            }

            @Override
            public void onUpstreamFinish() {
              cutShort();
            }
          });
    }

    @Override
    public void preStart() {
      scheduleOnce("deadline", means.deadline());
      means.life().begin(cut, leave);
    }

    @Override
    public void postStop() {
      means.life().end(cut, leave);
    }

    @Override
    public void onTimer(Object deadline) {
      cutShort();
    }

    private void askToCut() {
      cutOff.invoke(NotUsed.getInstance());
    }

    private void askToLeave() {
      deserted.invoke(NotUsed.getInstance());
    }

    /** No choice says any more; what has been said stays. */
    private void cutShort() {
      if (choicesLeft > 0) {
        choicesLeft = 0;
        cancel(in);
        end(new AnswerEvent.Failed(means.cutShort().get()));
      }
    }

    private void pass(AnswerEvent event) {
      if (event instanceof AnswerEvent.Failed) {
        pushLast(event);
        return;
      }
      tally.told(event);
      push(out, event);
      if (event instanceof AnswerEvent.Ended ended) {
        count(ended);
      }
    }

    private void count(AnswerEvent.Ended ended) {
      completionTokens = Math.addExact(completionTokens, ended.completionTokens());
      Precision served = ended.precision();
      if (served != null) {
        precision = precision == null ? served : precision.and(served);
      }
      choicesLeft--;
      if (choicesLeft == 0) {
        var usage = new Usage(request.promptTokens(), completionTokens, precision);
        means
            .ledger()
            .apply(usage)
            .whenComplete((_, failure) ->
                written.invoke(
                    failure == null
                        ? new AnswerEvent.Completed(usage)
                        : new AnswerEvent.Failed(Refusal.of(Refusals.cause(failure)))));
      }
    }

    private void end(AnswerEvent event) {
      last = event;
      if (isAvailable(out)) {
        pushLast(event);
      }
    }

    private void pushLast(AnswerEvent event) {
      tally.told(event);
      push(out, event);
      completeStage();
    }
  }
}
