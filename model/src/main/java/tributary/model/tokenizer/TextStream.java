package tributary.model.tokenizer;

import java.util.List;
import java.util.Optional;

/**
 * Turns the tokens of one sequence into pieces of text: only whole characters, and nothing that may
 * still become a stop string.
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
  private final boolean skipSpecialTokens;
  private final StringBuilder decoded = new StringBuilder();

  /** Passes over special tokens. */
  public TextStream(TextTokenizer tokenizer, List<String> stopStrings) {
    this(tokenizer, stopStrings, true);
  }

  /** Passes over special tokens, or shows them like others. */
  public TextStream(TextTokenizer tokenizer, List<String> stopStrings, boolean skipSpecialTokens) {
    this.skipSpecialTokens = skipSpecialTokens;
    vocabulary = tokenizer.vocabulary();
    characters = vocabulary.characters();
    stops = new StopStrings(stopStrings);
  }

  /** The text that this token completes; often empty. */
  public Piece append(int token) {
    if (vocabulary.contains(token) && !(skipSpecialTokens && vocabulary.isSpecial(token))) {
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

  /** The stop string that ended the sequence, if one did. */
  public Optional<String> stopString() {
    return stops.found();
  }

  private Piece piece(String text) {
    decoded.setLength(0);
    return new Piece(text, stops.found().isPresent());
  }
}
