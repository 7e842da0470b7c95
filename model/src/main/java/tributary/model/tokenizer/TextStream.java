package tributary.model.tokenizer;

import java.util.List;

/**
 * Turns the tokens of one sequence into pieces of text: only whole characters, and nothing that may
 * still become a stop string. Special tokens are passed over.
 *
 * <p>The text continues a prompt: a space before its first word is kept. Each token costs time for
 * its own text and the stop strings' length, however long the sequence is.
 */
public final class TextStream {
  /** Text that may be sent now; {@code stopped} when a stop string has ended the sequence. */
  public record Piece(String text, boolean stopped) {}

  private final Vocabulary vocabulary;
  private final Utf8Stream characters;
  private final StopStrings stops;
  private final StringBuilder decoded = new StringBuilder();

  public TextStream(TextTokenizer tokenizer, List<String> stopStrings) {
    vocabulary = tokenizer.vocabulary();
    characters = vocabulary.characters();
    stops = new StopStrings(stopStrings);
  }

  /** The text that this token completes; often empty. */
  public Piece append(int token) {
    if (vocabulary.contains(token) && !vocabulary.isSpecial(token)) {
      vocabulary.decode(token, characters, decoded);
    }
    return piece(stops.append(decoded));
  }

  /** What was held back, at the sequence's end. */
  public Piece finish() {
    characters.finish(decoded);
    String text = stops.append(decoded);
    return piece(text + stops.finish());
  }

  private Piece piece(String text) {
    decoded.setLength(0);
    return new Piece(text, stops.found());
  }
}
