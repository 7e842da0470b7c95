package tributary.model.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/**
 * What of a {@code tokenizer.json} the native library is given.
 *
 * <p>The library takes parts of the file for granted and ends the whole process where they are
 * wrong (version 0.21.4 of Hugging Face's tokenizers). Those parts are checked here, or left out
 * where nothing is encoded with them. A part is known by its fields too: the library goes by them
 * where it does not know the type.
 */
final class EncoderFile {
  private final Path file;
  private final ObjectNode json;

  private EncoderFile(Path file, ObjectNode json) {
    this.file = file;
    this.json = json;
  }

  /**
   * The file for the library, as JSON in UTF-8.
   *
   * @throws TributaryException {@code tokenizer}, naming the part that is wrong
   */
  static byte[] of(Path file, ObjectNode json) {
    var checked = new EncoderFile(file, json);
    checked.checkMerges(json.path("model"));
    checked.checkProcessor(json.path("post_processor"));
    checked.checkNormalizer(json.path("normalizer"));
    checked.checkSplitter(json.path("pre_tokenizer"));
    return checked.encodingParts().toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Nothing is decoded, cut or padded there. */
  private ObjectNode encodingParts() {
    ObjectNode parts = json.objectNode();
    parts.setAll(json);
    parts.putNull("decoder");
    parts.putNull("truncation");
    parts.putNull("padding");
    return parts;
  }

  /** A merge's two halves and its result must be tokens: the library's buffer is as long as one. */
  private void checkMerges(JsonNode model) {
    String prefix = model.path("continuing_subword_prefix").asText("");
    if (!StandardCharsets.US_ASCII.newEncoder().canEncode(prefix)) {
      throw refused("continuing_subword_prefix %s is not ASCII".formatted(Quoted.of(prefix)));
    }
    JsonNode tokens = model.path("vocab");
    for (JsonNode merge : model.path("merges")) {
      int space = merge.asText().indexOf(' ');
      boolean pair = merge.isArray() && merge.size() == 2;
      if (!pair && space < 0) {
        throw refused("merge %s is no pair of tokens".formatted(Quoted.of(merge.toString())));
      }
      String left = pair ? merge.path(0).asText() : merge.asText().substring(0, space);
      String right = pair ? merge.path(1).asText() : merge.asText().substring(space + 1);
      if (!right.startsWith(prefix)
          || !tokens.has(left)
          || !tokens.has(right)
          || !tokens.has(left + right.substring(prefix.length()))) {
        throw refused(
            "merge %s: its halves and what they become must be in the vocabulary"
                .formatted(Quoted.of(merge.toString())));
      }
    }
  }

  /** A template may put tokens that it defines around a text, and there is no second text. */
  private void checkProcessor(JsonNode processor) {
    requireObject("post_processor", processor);
    processor.path("processors").forEach(this::checkProcessor);
    JsonNode defined = processor.path("special_tokens");
    for (JsonNode token : defined) {
      requireObject("post_processor: special token", token);
      if (token.path("ids").size() != token.path("tokens").size()) {
        throw refused(
            "post_processor: special token %s must have as many ids as tokens"
                .formatted(Quoted.of(token.toString())));
      }
    }
    for (JsonNode piece : processor.path("single")) {
      String special = piece.path("SpecialToken").path("id").asText();
      if (piece.has("SpecialToken") && !defined.has(special)) {
        throw refused(
            "post_processor: its special_tokens do not define %s".formatted(Quoted.of(special)));
      }
      if (piece.has("Sequence") && !piece.path("Sequence").path("id").asText().equals("A")) {
        throw refused("post_processor: the template of a single text names a second one");
      }
    }
  }

  private void checkNormalizer(JsonNode normalizer) {
    requireObject("normalizer", normalizer);
    normalizer.path("normalizers").forEach(this::checkNormalizer);
    boolean compiled =
        normalizer.path("type").asText().equals("Precompiled")
            || normalizer.has("precompiled_charsmap");
    if (compiled && !CharacterMap.isSound(normalizer.path("precompiled_charsmap").asText())) {
      throw refused("normalizer: its precompiled_charsmap is damaged");
    }
  }

  private void checkSplitter(JsonNode splitter) {
    requireObject("pre_tokenizer", splitter);
    splitter.path("pretokenizers").forEach(this::checkSplitter);
    if (splitter.has("length") && splitter.path("length").asInt() < 1) {
      throw refused(
          "pre_tokenizer: pieces of %s characters".formatted(splitter.path("length").asText()));
    }
  }

  private void requireObject(String part, JsonNode node) {
    if (!node.isObject() && !node.isNull() && !node.isMissingNode()) {
      throw refused("%s is %s and no object".formatted(part, Quoted.of(node.toString())));
    }
  }

  private TributaryException refused(String what) {
    return new TributaryException(ErrorCode.TOKENIZER, file + ": " + what);
  }
}
