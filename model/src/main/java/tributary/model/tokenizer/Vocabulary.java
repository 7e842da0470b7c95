package tributary.model.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/** The bytes of text behind every token id. */
final class Vocabulary {
  private static final int IDS_MAX = 1 << 20;

  private final TokenDecoder decoder;
  private final byte[] bytes;

  /** Token t's bytes are those from {@code starts[t]} to {@code starts[t + 1]}. */
  private final int[] starts;

  private final BitSet special;

  private Vocabulary(TokenDecoder decoder, byte[] bytes, int[] starts, BitSet special) {
    this.decoder = decoder;
    this.bytes = bytes;
    this.starts = starts;
    this.special = special;
  }

  /** Reads vocabulary, added tokens and decoder of a {@code tokenizer.json}. */
  static Vocabulary read(Path file, ObjectNode tokenizer) {
    TokenDecoder decoder = TokenDecoder.read(file, tokenizer.path("decoder"));
    Map<Integer, String> entries = new HashMap<>();
    BitSet special = new BitSet();
    int[] last = {-1};
    BiConsumer<JsonNode, String> take =
        (id, text) -> {
          if (!id.isInt() || id.intValue() < 0 || id.intValue() >= IDS_MAX) {
            throw new TributaryException(
                ErrorCode.TOKENIZER,
                "%s: token %s has the id %s; it must be an integer between 0 and %d"
                    .formatted(file, Quoted.of(text), Quoted.of(id.toString()), IDS_MAX - 1));
          }
          entries.put(id.intValue(), text);
          last[0] = Math.max(last[0], id.intValue());
        };
    readModel(tokenizer.path("model").path("vocab"), take, tokenizer);
    for (JsonNode added : tokenizer.path("added_tokens")) {
      take.accept(added.path("id"), added.path("content").asText());
      special.set(added.path("id").intValue(), added.path("special").asBoolean());
    }
    if (entries.isEmpty()) {
      throw new TributaryException(ErrorCode.TOKENIZER, file + ": has no vocabulary");
    }
    return pack(decoder, entries, last[0] + 1, special);
  }

  int size() {
    return starts.length - 1;
  }

  /** True for control tokens that are not shown to readers. */
  boolean isSpecial(int token) {
    return special.get(token);
  }

  boolean contains(int token) {
    return token >= 0 && token < size();
  }

  TokenDecoder.LeadingSpace leadingSpace() {
    return decoder.leadingSpace();
  }

  /** The bytes that a token adds to what readers see; a special token adds none. */
  byte[] shown(int token) {
    return contains(token) && !isSpecial(token)
        ? Arrays.copyOfRange(bytes, starts[token], starts[token + 1])
        : new byte[0];
  }

  /** A new decoder of the bytes of tokens. */
  Utf8Stream characters() {
    return new Utf8Stream(decoder.byteFallback());
  }

  /** Feeds the token's bytes to {@code characters}. */
  void decode(int token, Utf8Stream characters, StringBuilder out) {
    for (int i = starts[token]; i < starts[token + 1]; i++) {
      characters.append(bytes[i], out);
    }
  }

  private static void readModel(
      JsonNode vocabulary, BiConsumer<JsonNode, String> take, ObjectNode tokenizer) {
    if (vocabulary.isObject()) {
      vocabulary.properties().forEach(entry -> take.accept(entry.getValue(), entry.getKey()));
      return;
    }
    int id = 0;
    for (JsonNode scored : vocabulary) { // Unigram: a list of entries with their scores.
      take.accept(tokenizer.numberNode(id++), scored.path(0).asText());
    }
  }

  private static Vocabulary pack(
      TokenDecoder decoder, Map<Integer, String> entries, int size, BitSet special) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int[] starts = new int[size + 1];
    for (int token = 0; token < size; token++) {
      starts[token] = bytes.size();
      String entry = entries.get(token);
      if (entry != null) {
        bytes.writeBytes(decoder.bytes(entry));
      }
    }
    starts[size] = bytes.size();
    return new Vocabulary(decoder, bytes.toByteArray(), starts, special);
  }
}
