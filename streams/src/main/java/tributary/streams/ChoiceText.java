package tributary.streams;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import tributary.model.tokenizer.TextStream;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.ErrorCode;
import tributary.protocol.FinishReason;
import tributary.protocol.Refusal;
import tributary.protocol.TokenEvent;
import tributary.protocol.TokenLogprob;
import tributary.protocol.Usage;
import tributary.protocol.openai.GenerationOptions.Stopping;

/**
 * Turns the tokens of one choice into the events of its answer: whole characters, stop strings
 * found, losses noticed. Belongs to one stream; told one event at a time.
 */
final class ChoiceText {
  /** Scores wait for the text that they belong to, but not for ever. */
  private static final int SCORES_HELD_MAX = 64;

  private final AcceptedRequest.Choice choice;
  private final Stopping stopping;
  private final TextTokenizer tokenizer;
  private final IntFunction<String> tokenNames;
  private final TextStream text;
  private final List<TokenScore> scores = new ArrayList<>();

  /** Finds no stop strings: tells which one ended the choice, where that is to be shown. */
  private final @Nullable TextStream whole;

  private final StringBuilder notSent = new StringBuilder();
  private int count;

  ChoiceText(AcceptedRequest request, AcceptedRequest.Choice choice) {
    boolean skipSpecialTokens = request.delivery().skipSpecialTokens();
    this.choice = choice;
    this.stopping = request.stopping();
    this.tokenizer = request.model().tokenizer();
    this.tokenNames =
        request.delivery().tokensAsIds() ? id -> "token_id:" + id : tokenizer::tokenText;
    this.text = new TextStream(tokenizer, stopping.strings(), skipSpecialTokens);
    this.whole =
        stopping.includeStopString()
            ? new TextStream(tokenizer, List.of(), skipSpecialTokens)
            : null;
  }

  /** What this event tells the reader; {@code Ended} or {@code Failed} is the last. */
  List<AnswerEvent> accept(TokenEvent event) {
    return switch (event) {
      case TokenEvent.Token token -> token(token);
      case TokenEvent.Finished(_, FinishReason reason, Usage usage) -> finished(reason, usage);
      case TokenEvent.Failed(_, Refusal refusal) -> List.of(new AnswerEvent.Failed(refusal));
    };
  }

  private List<AnswerEvent> token(TokenEvent.Token token) {
    if (token.index() != count) {
      return broken("token %d came after %d tokens".formatted(token.index(), count));
    }
    var events = new ArrayList<AnswerEvent>();
    begin(events);
    count++;
    boolean stops = choice.request().stop().stopTokens().contains(token.token());
    if (stops && !stopping.includeStopString()) {
      return events;
    }
    TokenLogprob logprob = token.logprob();
    if (logprob != null) {
      scores.add(TokenScore.of(token, logprob, tokenizer, tokenNames));
    }
    if (whole != null) {
      notSent.append(whole.append(token.token()).text());
    }
    send(text.append(token.token()), events);
    return events;
  }

  private List<AnswerEvent> finished(FinishReason reason, Usage usage) {
    if (usage.completionTokens() != count) {
      return broken("%d of %d tokens came".formatted(count, usage.completionTokens()));
    }
    if (reason == FinishReason.CANCELLED) {
      return broken("the sequence was withdrawn by the server");
    }
    var events = new ArrayList<AnswerEvent>();
    begin(events);
    if (!send(text.finish(), events)) {
      flush("", events);
      events.add(new AnswerEvent.Ended(choice.index(), reason, count));
    }
    return events;
  }

  private void begin(List<AnswerEvent> events) {
    if (count > 0) {
      return;
    }
    events.add(new AnswerEvent.Began(choice.index()));
    if (!choice.echo().isEmpty()) {
      events.add(new AnswerEvent.Text(choice.index(), choice.echo(), List.of()));
    }
  }

  /** Says whether the piece ended the choice. */
  private boolean send(TextStream.Piece piece, List<AnswerEvent> events) {
    notSent.delete(0, piece.text().length());
    if (!piece.stopped()) {
      if (!piece.text().isEmpty() || scores.size() >= SCORES_HELD_MAX) {
        flush(piece.text(), events);
      }
      return false;
    }
    flush(piece.text() + stopStringShown(), events);
    events.add(new AnswerEvent.Ended(choice.index(), FinishReason.STOP, count));
    return true;
  }

  private void flush(String piece, List<AnswerEvent> events) {
    if (!piece.isEmpty() || !scores.isEmpty()) {
      events.add(new AnswerEvent.Text(choice.index(), piece, scores));
      scores.clear();
    }
  }

  /** All text before the stop string was sent, so what was not begins with it. */
  private String stopStringShown() {
    return stopping.strings().stream()
        .filter(stop -> notSent.indexOf(stop) == 0)
        .findFirst()
        .orElse("");
  }

  private List<AnswerEvent> broken(String how) {
    return List.of(
        new AnswerEvent.Failed(
            Refusal.of(
                ErrorCode.STREAM_BROKEN, "the stream of tokens broke: " + how + "; ask again")));
  }
}
