package tributary.streams;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import tributary.actors.Generation;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.streams.tenancy.Account;

/**
 * Lets the sequences of a request run together and merges what they tell into one stream of events.
 *
 * <p>Nothing here buffers more than one element a sequence: a reader that stops asking stops its
 * own sequences and no others. Cancelling the source cancels every sequence.
 */
final class AnswerSource {
  private static final int INPUTS_AT_ONCE_MAX = 16;

  private final Generation generation;
  private final Duration deadline;
  private final OpenAnswers open;

  AnswerSource(Generation generation, Duration deadline, OpenAnswers open) {
    this.generation = generation;
    this.deadline = deadline;
    this.open = open;
  }

  /** Always ends with {@code Completed} or {@code Failed}. */
  Source<AnswerEvent, NotUsed> of(
      AcceptedRequest request, Account account, RequestTally tally, AnswerLife life) {
    Duration within = within(request);
    var means =
        new AnswerEnd.Means(
            usage -> account.complete(request.id(), request.modelName(), usage),
            within,
            () -> cutShort(within),
            life);
    return choices(request, tally).via(new AnswerEnd(request, tally, means));
  }

  private Source<AnswerEvent, NotUsed> choices(AcceptedRequest request, RequestTally tally) {
    List<AcceptedRequest.Choice> choices = request.choices();
    return choices.size() == 1
        ? sequence(choices.getFirst(), request, tally)
        : Source.from(choices)
            .flatMapMerge(breadth(request), choice -> sequence(choice, request, tally));
  }

  /** Choices of a text run side by side; a long list of inputs must not fill the queue. */
  private static int breadth(AcceptedRequest request) {
    int all = request.choices().size();
    return switch (request.endpoint()) {
      case COMPLETIONS, CHAT -> all;
      case EMBEDDINGS -> Math.min(all, INPUTS_AT_ONCE_MAX);
    };
  }

  private Source<AnswerEvent, NotUsed> sequence(
      AcceptedRequest.Choice choice, AcceptedRequest request, RequestTally tally) {
    return generation.generate(choice.request()).via(new ChoiceFlow(request, choice, tally));
  }

  /** The request's own limit where it has a shorter one than the server. */
  private Duration within(AcceptedRequest request) {
    Nanos wanted = request.choices().getFirst().request().haste().within();
    return wanted == null || wanted.count() > deadline.toNanos()
        ? deadline
        : Duration.ofNanos(wanted.count());
  }

  private Refusal cutShort(Duration within) {
    return open.isDraining()
        ? Refusal.of(
            ErrorCode.SHUTTING_DOWN, "the server stopped before the answer was complete; ask again")
        : Refusal.of(
            ErrorCode.DEADLINE_EXCEEDED,
            String.format(
                Locale.ROOT,
                "the answer took longer than %.3f s; ask for fewer tokens or allow more time",
                within.toNanos() / 1e9));
  }
}
