package tributary.model.tokenizer;

import java.nio.file.Path;
import tributary.protocol.Tokens;

/** A checkpoint's {@code tokenizer.json}. Thread-safe. */
public final class TextTokenizer implements AutoCloseable {
  public static TextTokenizer open(Path directory) {
    throw new UnsupportedOperationException();
  }

  public Tokens encode(String text, boolean addSpecialTokens) {
    throw new UnsupportedOperationException();
  }

  public String decode(Tokens tokens, boolean skipSpecialTokens) {
    throw new UnsupportedOperationException();
  }

  /** The token's text as a vocabulary entry decodes, for log-probability reports. */
  public String tokenText(int token) {
    throw new UnsupportedOperationException();
  }

  public int vocabularySize() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
