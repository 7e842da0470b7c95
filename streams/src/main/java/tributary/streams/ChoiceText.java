package tributary.streams;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import tributary.model.tokenizer.TextStream;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.ErrorCode;
import tributary.protocol.FinishReason;
import tributary.protocol.OutputForm;
import tributary.protocol.Precision;
import tributary.protocol.PromptNews;
import tributary.protocol.PromptReading;
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

  /** Finds calls of tools, where there may be some. */
  private final @Nullable ToolCallStream toolCalls;

  private final FinishReason reasonForCalls;

  /** Told of the prompt so far. */
  private final List<PromptNews.Score> promptScores = new ArrayList<>();

  private @Nullable Integer stopToken;
  private boolean stateCame;
  private int calls;
  private int count;

  ChoiceText(AcceptedRequest request, AcceptedRequest.Choice choice) {
    boolean skipSpecialTokens = request.delivery().skipSpecialTokens();
    this.choice = choice;
    this.stopping = request.stopping();
    this.tokenizer = request.model().tokenizer();
    this.tokenNames =
        request.delivery().tokensAsIds() ? id -> "token_id:" + id : tokenizer::tokenText;
    this.text = new TextStream(tokenizer, stopping.strings(), skipSpecialTokens);
    this.toolCalls =
        choice.request().form() instanceof OutputForm.ToolCalls ? new ToolCallStream() : null;
    this.reasonForCalls = request.reasonForCalls();
  }

  /** What this event tells the reader; {@code Ended} or {@code Failed} is the last. */
  List<AnswerEvent> accept(TokenEvent event) {
    return switch (event) {
      case TokenEvent.PromptRead(_, PromptNews news) -> read(news);
      case TokenEvent.Token token -> token(token);
      case TokenEvent.Finished(_, FinishReason reason, Usage usage, _) -> finished(reason, usage);
      case TokenEvent.Failed(_, Refusal refusal) -> List.of(new AnswerEvent.Failed(refusal));
    };
  }

  private List<AnswerEvent> read(PromptNews news) {
    return switch (news) {
      case PromptNews.State(float[] values) -> {
        stateCame = true;
        yield List.of(new AnswerEvent.State(choice.index(), values));
      }
      case PromptNews.Scores scores -> {
        if (scores.first() != promptScores.size() + 1) {
          yield broken(
              "scores of the prompt's token %d came after %d"
                  .formatted(scores.first(), promptScores.size()));
        }
        promptScores.addAll(scores.tokens());
        yield List.of();
      }
    };
  }

  /** Whether all came that was asked of the prompt. */
  private boolean isPromptRead() {
    return switch (choice.request().reading()) {
      case PromptReading.Nothing _ -> true;
      case PromptReading.Scores _ -> promptScores.size() == choice.request().prompt().count() - 1;
      case PromptReading.State _ -> stateCame;
    };
  }

  private List<AnswerEvent> token(TokenEvent.Token token) {
    if (token.index() != count) {
      return broken("token %d came after %d tokens".formatted(token.index(), count));
    }
    if (!isPromptRead()) {
      return broken("not all came that was asked of the prompt");
    }
    var events = new ArrayList<AnswerEvent>();
    begin(events);
    count++;
    if (stopping.tokens().contains(token.token())) {
      stopToken = token.token();
    }
    boolean stops = choice.request().stop().stopTokens().contains(token.token());
    if (stops && !stopping.includeStopString()) {
      return events;
    }
    TokenLogprob logprob = token.logprob();
    if (logprob != null) {
      scores.add(TokenScore.of(logprob, token.top(), tokenizer, tokenNames));
    }
    send(text.append(token.token()), events);
    return events;
  }

  private List<AnswerEvent> finished(FinishReason reason, Usage usage) {
    if (usage.completionTokens() != count) {
      return broken("%d of %d tokens came".formatted(count, usage.completionTokens()));
    }
    if (!isPromptRead()) {
      return broken("not all came that was asked of the prompt");
    }
    if (reason == FinishReason.CANCELLED) {
      return broken("the sequence was withdrawn by the server");
    }
    var events = new ArrayList<AnswerEvent>();
    begin(events);
    if (!send(text.finish(), events)) {
      end(reason, usage.precision(), events);
    }
    return events;
  }

  private void begin(List<AnswerEvent> events) {
    if (count > 0) {
      return;
    }
    events.add(new AnswerEvent.Began(choice.index()));
    if (!choice.echo().isEmpty()) {
      events.add(new AnswerEvent.Text(choice.index(), choice.echo(), echoScores(), count));
    }
    if (choice.tellsPromptScores()) {
      events.add(new AnswerEvent.PromptScores(choice.index(), promptScores));
    }
  }

  /** The scores of the text that the answer begins with, where those of the answer are told. */
  private List<TokenScore> echoScores() {
    if (!choice.request().sampling().reportsLogprobs()) {
      return List.of();
    }
    int top = choice.request().sampling().topLogprobs();
    var echoed = new ArrayList<TokenScore>(promptScores.size() + 1);
    echoed.add(TokenScore.first(choice.request().prompt().id(0), tokenizer, tokenNames));
    for (PromptNews.Score score : promptScores) {
      var best = score.top().subList(0, Math.min(top, score.top().size()));
      echoed.add(TokenScore.of(score.token(), best, tokenizer, tokenNames));
    }
    return echoed;
  }

  /** Says whether the piece ended the choice. */
  private boolean send(TextStream.Piece piece, List<AnswerEvent> events) {
    if (!piece.stopped()) {
      if (!piece.text().isEmpty() || scores.size() >= SCORES_HELD_MAX) {
        flush(piece.text(), events);
      }
      return false;
    }
    String stopString = text.stopString().orElse("");
    flush(stopping.includeStopString() ? piece.text() + stopString : piece.text(), events);
    end(FinishReason.STOP, null, events);
    return true;
  }

  private void end(FinishReason reason, @Nullable Precision precision, List<AnswerEvent> events) {
    if (toolCalls != null) {
      toolCalls.finish().forEach(part -> tell(part, events));
    }
    tellText("", events);
    boolean called = calls > 0 && reason == FinishReason.STOP;
    FinishReason told = called ? reasonForCalls : reason;
    events.add(new AnswerEvent.Ended(choice.index(), told, count, precision, stoppedBy(reason)));
  }

  private void flush(String piece, List<AnswerEvent> events) {
    if (toolCalls == null) {
      tellText(piece, events);
    } else {
      toolCalls.append(piece).forEach(part -> tell(part, events));
    }
  }

  private void tell(ToolCallStream.Part part, List<AnswerEvent> events) {
    switch (part) {
      case ToolCallStream.Part.Text(String words) -> tellText(words, events);
      case ToolCallStream.Part.Call(String name) -> {
        scores.clear();
        events.add(new AnswerEvent.Call(choice.index(), calls++, name, "", count));
      }
      case ToolCallStream.Part.Arguments(String json) -> {
        scores.clear();
        events.add(new AnswerEvent.Call(choice.index(), calls - 1, null, json, count));
      }
    }
  }

  private void tellText(String piece, List<AnswerEvent> events) {
    if (!piece.isEmpty() || !scores.isEmpty()) {
      events.add(new AnswerEvent.Text(choice.index(), piece, scores, count));
      scores.clear();
    }
  }

  private @Nullable Object stoppedBy(FinishReason reason) {
    if (reason != FinishReason.STOP) {
      return null;
    }
    return text.stopString().isPresent() ? text.stopString().get() : stopToken;
  }

  private List<AnswerEvent> broken(String how) {
    return List.of(
        new AnswerEvent.Failed(
            Refusal.of(
                ErrorCode.STREAM_BROKEN, "the stream of tokens broke: " + how + "; ask again")));
  }
}
