package tributary.streams;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tributary.protocol.PromptNews;
import tributary.protocol.Usage;

/** How one endpoint writes an answer, whole or in events. Belongs to one answer. */
sealed interface AnswerShape permits ChatShape, CompletionShape, EmbeddingShape {
  /**
   * A choice that is all there.
   *
   * @param ended how it ended
   * @param prompt what was told of its prompt
   */
  record WholeChoice(
      String text,
      List<WholeCall> calls,
      List<TokenScore> scores,
      AnswerEvent.Ended ended,
      WholePrompt prompt) {
    int index() {
      return ended.choice();
    }
  }

  /**
   * What was told of a prompt.
   *
   * @param scores of its tokens from the second on; null where nobody asked
   * @param state [hidden]; null where nobody asked
   */
  record WholePrompt(@Nullable List<PromptNews.Score> scores, float @Nullable [] state) {}

  /** A call of a tool whose arguments are all there. */
  record WholeCall(String name, String arguments) {}

  /** The event that opens a choice, where the endpoint has one. */
  Optional<Record> opening(int choice);

  /**
   * The event for some text.
   *
   * @param used so far, where each event shall say so
   */
  Record text(AnswerEvent.Text text, @Nullable Usage used);

  Record call(AnswerEvent.Call call, @Nullable Usage used);

  Record finish(AnswerEvent.Ended ended, @Nullable Usage used);

  Record usage(Usage usage);

  Record whole(List<WholeChoice> choices, Usage usage);

  static AnswerShape of(AcceptedRequest request) {
    return switch (request.endpoint()) {
      case CHAT -> new ChatShape(request);
      case COMPLETIONS -> new CompletionShape(request);
      case EMBEDDINGS -> new EmbeddingShape(request);
    };
  }
}
