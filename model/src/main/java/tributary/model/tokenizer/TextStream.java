package tributary.model.tokenizer;

import java.util.List;

/**
 * Turns the tokens of one sequence into pieces of text: only whole characters, and nothing that may
 * still become a stop string.
 */
public final class TextStream {
  /** Text that may be sent now; {@code stopped} names the stop string that ended the sequence. */
  public record Piece(String text, boolean stopped) {}

  public TextStream(TextTokenizer tokenizer, List<String> stopStrings) {
    throw new UnsupportedOperationException();
  }

  /** The text that this token completes; often empty. */
  public Piece append(int token) {
    throw new UnsupportedOperationException();
  }

  /** What was held back, at the sequence's end. */
  public Piece finish() {
    throw new UnsupportedOperationException();
  }
}
