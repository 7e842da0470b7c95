package tributary.model.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import tributary.model.grammar.Constraints;
import tributary.model.json.JsonFile;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;

/**
 * A checkpoint's {@code tokenizer.json}. Thread-safe.
 *
 * <p>Text is encoded by the native library of Hugging Face's tokenizers; tokens are decoded here,
 * from a table of the bytes behind each id, so that streams decode each token once. Decoding equals
 * that library's, but for byte-fallback tokens that are not UTF-8: whole characters among them
 * stay.
 */
public final class TextTokenizer implements AutoCloseable {
  private static final Bytes FILE_MAX = new Bytes(128 << 20);

  static {
    // The native library is in the jar. DJL would otherwise look for others, and report its use.
    setUnlessSet("ai.djl.offline", "true");
    setUnlessSet("OPT_OUT_TRACKING", "true");
  }

  private final HuggingFaceTokenizer encoder;
  private final Vocabulary vocabulary;
  private final Constraints constraints;

  /** Held for writing by {@link #close}: native memory must not go while it is read. */
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  private boolean closed;

  private TextTokenizer(HuggingFaceTokenizer encoder, Vocabulary vocabulary) {
    this.encoder = encoder;
    this.vocabulary = vocabulary;
    this.constraints = new Constraints(vocabulary.size(), vocabulary::shown);
  }

  /** Reads the directory's {@code tokenizer.json}; nothing is fetched from anywhere. */
  public static TextTokenizer open(Path directory) {
    Path file = directory.resolve("tokenizer.json");
    ObjectNode json = JsonFile.read(file, FILE_MAX, ErrorCode.TOKENIZER);
    Vocabulary vocabulary = Vocabulary.read(file, json);
    return new TextTokenizer(encoder(file, json), vocabulary);
  }

  /**
   * The text's tokens.
   *
   * @throws TributaryException {@code tokenizer}, when its file has no token for a part of the text
   */
  public Tokens encode(String text, boolean addSpecialTokens) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the tokenizer is closed");
      }
      long[] ids = ids(wellFormed(text), addSpecialTokens);
      int[] tokens = new int[ids.length];
      for (int i = 0; i < ids.length; i++) {
        tokens[i] = Math.toIntExact(ids[i]);
      }
      return Tokens.of(tokens);
    } finally {
      lock.readLock().unlock();
    }
  }

  private long[] ids(String text, boolean addSpecialTokens) {
    try {
      return encoder.encode(text, addSpecialTokens, false).getIds();
    } catch (RuntimeException refused) {
      throw new TributaryException(
          ErrorCode.TOKENIZER,
          "the tokenizers library cannot encode a text: %s; repair the variant's tokenizer.json"
              .formatted(refused.getMessage()),
          refused);
    }
  }

  /** The text of a whole sequence; ids that the vocabulary does not have are passed over. */
  public String decode(Tokens tokens, boolean skipSpecialTokens) {
    StringBuilder text = new StringBuilder();
    Utf8Stream characters = vocabulary.characters();
    boolean first = true;
    for (int i = 0; i < tokens.count(); i++) {
      int token = tokens.id(i);
      if (vocabulary.contains(token) && !(skipSpecialTokens && vocabulary.isSpecial(token))) {
        vocabulary.decode(token, characters, text);
        if (first && vocabulary.leadingSpace() == TokenDecoder.LeadingSpace.DROPPED_FROM_FIRST) {
          text.replace(0, text.length(), text.toString().replace(" ", ""));
        }
        first = false;
      }
    }
    characters.finish(text);
    boolean strips = vocabulary.leadingSpace() == TokenDecoder.LeadingSpace.STRIPPED;
    return strips && text.indexOf(" ") == 0 ? text.substring(1) : text.toString();
  }

  /** The token's text as a vocabulary entry decodes, for log-probability reports. */
  public String tokenText(int token) {
    StringBuilder text = new StringBuilder();
    if (vocabulary.contains(token)) {
      Utf8Stream characters = vocabulary.characters();
      vocabulary.decode(token, characters, text);
      characters.finish(text);
    }
    return text.toString();
  }

  /** What of this vocabulary may come next in outputs that must have a form. */
  public Constraints constraints() {
    return constraints;
  }

  /** One more than the largest id. */
  public int vocabularySize() {
    return vocabulary.size();
  }

  Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        encoder.close();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  private static HuggingFaceTokenizer encoder(Path file, ObjectNode json) {
    byte[] text = EncoderFile.of(file, json);
    Map<String, String> options = Map.of("truncation", "do_not_truncate", "padding", "do_not_pad");
    try {
      return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(text), options);
    } catch (IOException | RuntimeException refused) {
      throw new TributaryException(
          ErrorCode.TOKENIZER,
          "%s: the tokenizers library refuses it: %s".formatted(file, refused.getMessage()),
          refused);
    }
  }

  /** Halves of surrogate pairs that stand alone cannot be encoded; each becomes U+FFFD. */
  private static String wellFormed(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_16LE), StandardCharsets.UTF_16LE);
  }

  private static void setUnlessSet(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }
}
