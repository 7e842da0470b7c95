package tributary.streams;

import java.util.List;
import tributary.protocol.FinishReason;
import tributary.protocol.Refusal;
import tributary.protocol.Usage;

/**
 * What happens to an answer, in the order that its reader is told. {@link Completed} and {@link
 * Failed} are last.
 */
sealed interface AnswerEvent {
  /** The choice's first token exists. */
  record Began(int choice) implements AnswerEvent {}

  /**
   * Text of a choice.
   *
   * @param scores of the tokens since the choice's previous text, when they were asked for
   */
  record Text(int choice, String text, List<TokenScore> scores) implements AnswerEvent {
    public Text {
      scores = List.copyOf(scores);
    }
  }

  record Ended(int choice, FinishReason reason, int completionTokens) implements AnswerEvent {}

  /** All choices ended. */
  record Completed(Usage usage) implements AnswerEvent {}

  /** The whole answer fails when one choice does; what was sent stands. */
  record Failed(Refusal refusal) implements AnswerEvent {}

  /** Nothing happened for a while. */
  record Waiting() implements AnswerEvent {}
}
