package tributary.streams;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.protocol.PromptNews;
import tributary.protocol.Refusal;
import tributary.protocol.Usage;

/**
 * Gathers an answer that is sent whole. What it may hold is bounded by the request: the number of
 * choices times the tokens that fit in the context.
 */
final class AnswerCollector {
  private static final class Gathered {
    final StringBuilder text = new StringBuilder();
    final List<GatheredCall> calls = new ArrayList<>();
    final List<TokenScore> scores = new ArrayList<>();
    @Nullable List<PromptNews.Score> promptScores;
    float @Nullable [] state;
    AnswerEvent.@Nullable Ended ended;

    AnswerShape.WholeChoice whole(int index) {
      if (ended == null) {
        throw new AssertionError("the answer was complete before choice " + index + " ended");
      }
      return new AnswerShape.WholeChoice(
          text.toString(),
          calls.stream()
              .map(call -> new AnswerShape.WholeCall(call.name, call.arguments.toString()))
              .toList(),
          scores,
          ended,
          new AnswerShape.WholePrompt(promptScores, state));
    }

    void add(AnswerEvent.Call part) {
      if (part.name() != null) {
        calls.add(new GatheredCall(part.name()));
      }
      calls.getLast().arguments.append(part.arguments());
    }
  }

  private static final class GatheredCall {
    final String name;
    final StringBuilder arguments = new StringBuilder();

    GatheredCall(String name) {
      this.name = name;
    }
  }

  private final AcceptedRequest request;
  private final List<Gathered> choices;
  private @Nullable Usage usage;
  private @Nullable Refusal refusal;

  AnswerCollector(AcceptedRequest request) {
    this.request = request;
    this.choices = request.choices().stream().map(_ -> new Gathered()).toList();
  }

  /** Returns itself, to be the step of a fold. */
  AnswerCollector add(AnswerEvent event) {
    switch (event) {
      case AnswerEvent.Text text -> {
        choices.get(text.choice()).text.append(text.text());
        choices.get(text.choice()).scores.addAll(text.scores());
      }
      case AnswerEvent.Call call -> choices.get(call.choice()).add(call);
      case AnswerEvent.Ended ended -> choices.get(ended.choice()).ended = ended;
      case AnswerEvent.PromptScores told -> choices.get(told.choice()).promptScores = told.scores();
      case AnswerEvent.State told -> choices.get(told.choice()).state = told.values();
      case AnswerEvent.Completed completed -> usage = completed.usage();
      case AnswerEvent.Failed failed -> refusal = failed.refusal();
      case AnswerEvent.Began _, AnswerEvent.Waiting _ -> {}
    }
    return this;
  }

  /** Why there is no answer, if there is none. */
  @Nullable Refusal refusal() {
    return refusal != null || usage != null ? refusal : Refusals.CUT_SHORT;
  }

  /** The answer's body; there must be no refusal. */
  Record answer() {
    if (usage == null) {
      throw new AssertionError("an answer was asked for before it was complete");
    }
    var whole = new ArrayList<AnswerShape.WholeChoice>();
    for (int i = 0; i < choices.size(); i++) {
      whole.add(choices.get(i).whole(i));
    }
    return AnswerShape.of(request).whole(whole, usage);
  }
}
