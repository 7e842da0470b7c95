package tributary.streams;

import java.util.List;
import java.util.Optional;
import tributary.protocol.FinishReason;
import tributary.protocol.Usage;

/** How one endpoint writes an answer, whole or in events. Belongs to one answer. */
sealed interface AnswerShape permits ChatShape, CompletionShape {
  /** A choice whose text is all there. */
  record WholeChoice(int index, String text, List<TokenScore> scores, FinishReason reason) {}

  /** The event that opens a choice, where the endpoint has one. */
  Optional<Record> opening(int choice);

  Record text(AnswerEvent.Text text);

  Record finish(int choice, FinishReason reason);

  Record usage(Usage usage);

  Record whole(List<WholeChoice> choices, Usage usage);

  static AnswerShape of(AcceptedRequest request) {
    return switch (request.endpoint()) {
      case CHAT -> new ChatShape(request);
      case COMPLETIONS -> new CompletionShape(request);
    };
  }
}
