package tributary.streams;

import akka.NotUsed;
import akka.japi.pf.PFBuilder;
import akka.stream.javadsl.Source;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.actors.Generation;
import tributary.protocol.ErrorCode;
import tributary.protocol.FinishReason;
import tributary.protocol.Refusal;
import tributary.protocol.TokenEvent;
import tributary.protocol.Usage;

/**
 * Lets the sequences of a request run together and merges what they tell into one stream of events.
 *
 * <p>Nothing here buffers more than one element a sequence: a reader that stops asking stops its
 * own sequences and no others. Cancelling the source cancels every sequence.
 */
final class AnswerSource {
  private static final Logger LOG = LoggerFactory.getLogger(AnswerSource.class);

  private final Generation generation;
  private final Duration deadline;
  private final OpenAnswers open;

  AnswerSource(Generation generation, Duration deadline, OpenAnswers open) {
    this.generation = generation;
    this.deadline = deadline;
    this.open = open;
  }

  /** Always ends with {@code Completed} or {@code Failed}. */
  Source<AnswerEvent, NotUsed> of(AcceptedRequest request, RequestTally tally) {
    int breadth = request.choices().size();
    return Source.from(request.choices())
        .flatMapMerge(breadth, choice -> sequence(choice, request, tally))
        .takeWithin(deadline)
        .via(open.untilCut())
        .concatLazy(Source.lazySingle(this::cutShort))
        .statefulMapConcat(() -> new Completion(request)::accept)
        .takeWhile(event -> !isLast(event), true)
        .map(event -> {
          tally.told(event);
          return event;
        });
  }

  private Source<AnswerEvent, NotUsed> sequence(
      AcceptedRequest.Choice choice, AcceptedRequest request, RequestTally tally) {
    return generation
        .generate(choice.request())
        .map(event -> {
          if (event instanceof TokenEvent.Token) {
            tally.token(choice.index());
          }
          return event;
        })
        .statefulMapConcat(() -> new ChoiceText(request, choice)::accept)
        .concatLazy(Source.lazySingle(AnswerSource::unfinished))
        .recover(
            new PFBuilder<Throwable, AnswerEvent>()
                .matchAny(failure -> faulty(choice, failure))
                .build())
        .takeWhile(event -> !(event instanceof AnswerEvent.Ended) && !isLast(event), true);
  }

  private static boolean isLast(AnswerEvent event) {
    return event instanceof AnswerEvent.Completed || event instanceof AnswerEvent.Failed;
  }

  private static AnswerEvent unfinished() {
    return new AnswerEvent.Failed(
        Refusal.of(
            ErrorCode.STREAM_BROKEN, "the stream of tokens ended before the answer; ask again"));
  }

  private static AnswerEvent faulty(AcceptedRequest.Choice choice, Throwable failure) {
    LOG.error("sequence {} failed", choice.request().id(), failure);
    return new AnswerEvent.Failed(Refusal.of(failure));
  }

  private AnswerEvent cutShort() {
    return new AnswerEvent.Failed(
        open.isDraining()
            ? Refusal.of(
                ErrorCode.SHUTTING_DOWN,
                "the server stopped before the answer was complete; ask again")
            : Refusal.of(
                ErrorCode.DEADLINE_EXCEEDED,
                "the answer took longer than %d s; ask for fewer tokens"
                    .formatted(deadline.toSeconds())));
  }

  /** Adds the end of the answer to the end of its last choice. */
  private static final class Completion {
    private final int promptTokens;
    private int choicesLeft;
    private int completionTokens;

    Completion(AcceptedRequest request) {
      this.promptTokens = request.promptTokens();
      this.choicesLeft = request.choices().size();
    }

    List<AnswerEvent> accept(AnswerEvent event) {
      var events = new ArrayList<AnswerEvent>(2);
      events.add(event);
      if (event instanceof AnswerEvent.Ended(_, FinishReason _, int tokens)) {
        completionTokens = Math.addExact(completionTokens, tokens);
        choicesLeft--;
        if (choicesLeft == 0) {
          events.add(new AnswerEvent.Completed(new Usage(promptTokens, completionTokens)));
        }
      }
      return events;
    }
  }
}
