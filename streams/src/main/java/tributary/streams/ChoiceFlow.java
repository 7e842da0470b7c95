package tributary.streams;

import akka.stream.Attributes;
import akka.stream.FlowShape;
import akka.stream.Inlet;
import akka.stream.Outlet;
import akka.stream.stage.AbstractInOutHandler;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.protocol.ErrorCode;
import tributary.protocol.Refusal;
import tributary.protocol.TokenEvent;

/**
 * What one sequence tells, as events of its answer; always ends with {@code Ended} or {@code
 * Failed}. One stage, because every token of every answer passes here.
 */
final class ChoiceFlow extends GraphStage<FlowShape<TokenEvent, AnswerEvent>> {
  private static final Logger LOG = LoggerFactory.getLogger(ChoiceFlow.class);

  private final AcceptedRequest request;
  private final AcceptedRequest.Choice choice;
  private final RequestTally tally;
  private final Inlet<TokenEvent> in = Inlet.create("ChoiceFlow.in");
  private final Outlet<AnswerEvent> out = Outlet.create("ChoiceFlow.out");
  private final FlowShape<TokenEvent, AnswerEvent> shape = FlowShape.of(in, out);

  ChoiceFlow(AcceptedRequest request, AcceptedRequest.Choice choice, RequestTally tally) {
    this.request = request;
    this.choice = choice;
    this.tally = tally;
  }

  @Override
  public FlowShape<TokenEvent, AnswerEvent> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes inheritedAttributes) {
    return new Logic();
  }

  private final class Logic extends GraphStageLogic {
    private final ChoiceText text = new ChoiceText(request, choice);
    private Iterator<AnswerEvent> told = Collections.emptyIterator();

    /** What is told when nothing else is left, once the sequence has nothing more to say. */
    private @Nullable AnswerEvent lastResort;

    Logic() {
      super(shape);
      setHandlers(
          in,
          out,
          new AbstractInOutHandler() {
            @Override
            public void onPush() {
              told = events(grab(in)).iterator();
              tellNext();
            }

            @Override
            public void onPull() {
              tellNext();
            }

            @Override
            public void onUpstreamFinish() {
              lastResort = unfinished();
              tellNext();
            }

            @Override
            public void onUpstreamFailure(Throwable failure) {
              lastResort = faulty(failure);
              tellNext();
            }
          });
    }

    private List<AnswerEvent> events(TokenEvent event) {
      try {
        if (event instanceof TokenEvent.Token) {
          tally.token(choice.index());
        } else if (event instanceof TokenEvent.Finished(_, _, _, var timing)) {
          tally.finished(choice.index(), timing);
        }
        return text.accept(event);
      } catch (RuntimeException defect) {
        return List.of(faulty(defect));
      }
    }

    private void tellNext() {
      if (!isAvailable(out)) {
        return;
      }
      AnswerEvent next = told.hasNext() ? told.next() : lastResort;
      if (next == null) {
        if (!hasBeenPulled(in)) {
          pull(in);
        }
        return;
      }
      push(out, next);
      if (next instanceof AnswerEvent.Ended || next instanceof AnswerEvent.Failed) {
        completeStage();
      }
    }

    private AnswerEvent unfinished() {
      return new AnswerEvent.Failed(
          Refusal.of(
              ErrorCode.STREAM_BROKEN, "the stream of tokens ended before the answer; ask again"));
    }

    private AnswerEvent faulty(Throwable failure) {
      LOG.error("sequence {} failed", choice.request().id(), failure);
      return new AnswerEvent.Failed(Refusal.of(failure));
    }
  }
}
