package tributary.streams;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.protocol.FinishReason;
import tributary.protocol.Precision;
import tributary.protocol.PromptNews;
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
   * @param tokens of the choice so far
   */
  record Text(int choice, String text, List<TokenScore> scores, int tokens) implements AnswerEvent {
    public Text {
      scores = List.copyOf(scores);
    }
  }

  /**
   * A tool is called, or a call's arguments go on.
   *
   * @param call number of the call in its choice
   * @param name of the tool, at the beginning of a call
   */
  record Call(int choice, int call, @Nullable String name, String arguments, int tokens)
      implements AnswerEvent {}

  /**
   * A choice is over.
   *
   * @param precision that it was computed with, if the device told
   * @param stoppedBy the stop string, or the id of the stop token, that the request gave and that
   *     ended it, if one did
   */
  record Ended(
      int choice,
      FinishReason reason,
      int completionTokens,
      @Nullable Precision precision,
      @Nullable Object stoppedBy)
      implements AnswerEvent {}

  /** How likely the tokens of a choice's prompt were, from its second on. */
  record PromptScores(int choice, List<PromptNews.Score> scores) implements AnswerEvent {
    public PromptScores {
      scores = List.copyOf(scores);
    }
  }

  /** What a choice's prompt comes to, as a vector [hidden]. */
  record State(int choice, float[] values) implements AnswerEvent {}

  /** All choices ended. */
  record Completed(Usage usage) implements AnswerEvent {}

  /** The whole answer fails when one choice does; what was sent stands. */
  record Failed(Refusal refusal) implements AnswerEvent {}

  /** Nothing happened for a while. */
  record Waiting() implements AnswerEvent {}
}
