package tributary.model.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/**
 * How vocabulary entries become bytes of text, as the {@code decoder} of {@code tokenizer.json}
 * says.
 *
 * @param byteLevel entries are written in the byte alphabet
 * @param replacements made in each entry
 * @param byteFallback entries such as {@code <0x0A>} are single bytes
 * @param leadingSpace what becomes of a space at the start of a whole text
 */
record TokenDecoder(
    boolean byteLevel,
    List<Replacement> replacements,
    boolean byteFallback,
    LeadingSpace leadingSpace) {
  private static final String SUPPORTED =
      "ByteLevel, Metaspace, or a Sequence of Replace, ByteFallback, Fuse and Strip";

  /** A literal replacement. */
  record Replacement(String pattern, String content) {}

  /** What becomes of spaces that an encoder put before a text's first word. */
  enum LeadingSpace {
    KEPT,
    /** One space goes. */
    STRIPPED,
    /** All spaces of the first entry go. */
    DROPPED_FROM_FIRST
  }

  /** Reads the decoder; the kinds that language models use are supported, others refused. */
  static TokenDecoder read(Path file, JsonNode decoder) {
    List<JsonNode> parts = new ArrayList<>();
    if (type(decoder).equals("Sequence")) {
      decoder.path("decoders").forEach(parts::add);
    } else {
      parts.add(decoder);
    }
    boolean byteLevel = false;
    boolean byteFallback = false;
    boolean fused = false;
    LeadingSpace leadingSpace = LeadingSpace.KEPT;
    List<Replacement> replacements = new ArrayList<>();
    for (JsonNode part : parts) {
      switch (type(part)) {
        case "ByteLevel" -> byteLevel = true;
        case "ByteFallback" -> byteFallback = true;
        case "Fuse" -> fused = true;
        case "Replace" -> replacements.add(replacement(file, part));
        case "Metaspace" -> {
          replacements.add(new Replacement(part.path("replacement").asText("▁"), " "));
          leadingSpace = prepends(part) ? LeadingSpace.DROPPED_FROM_FIRST : LeadingSpace.KEPT;
        }
        case "Strip" -> leadingSpace = strip(file, part, fused);
        case String other -> throw unsupported(file, "is of type " + Quoted.of(other));
      }
    }
    return new TokenDecoder(byteLevel, List.copyOf(replacements), byteFallback, leadingSpace);
  }

  /** The bytes of text that a vocabulary entry stands for. */
  byte[] bytes(String entry) {
    if (byteLevel) {
      byte @Nullable [] bytes = ByteAlphabet.bytes(entry);
      return bytes == null ? entry.getBytes(StandardCharsets.UTF_8) : bytes;
    }
    String text = entry;
    for (Replacement replacement : replacements) {
      text = text.replace(replacement.pattern, replacement.content);
    }
    if (byteFallback && text.matches("<0x[0-9A-Fa-f]{2}>")) {
      return new byte[] {(byte) Integer.parseInt(text, 3, 5, 16)};
    }
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String type(JsonNode decoder) {
    return decoder.path("type").asText("null");
  }

  private static boolean prepends(JsonNode metaspace) {
    String scheme = metaspace.path("prepend_scheme").asText("");
    return scheme.isEmpty()
        ? metaspace.path("add_prefix_space").asBoolean(true)
        : !scheme.toLowerCase(Locale.ROOT).equals("never");
  }

  private static Replacement replacement(Path file, JsonNode part) {
    JsonNode pattern = part.path("pattern").path("String");
    if (!pattern.isTextual() || pattern.textValue().isEmpty()) {
      throw unsupported(file, "replaces by a regular expression");
    }
    return new Replacement(pattern.textValue(), part.path("content").asText());
  }

  private static LeadingSpace strip(Path file, JsonNode part, boolean fused) {
    boolean plain =
        fused
            && part.path("content").asText().equals(" ")
            && part.path("start").asInt() <= 1
            && part.path("stop").asInt() == 0;
    if (!plain) {
      throw unsupported(file, "strips more than one leading space");
    }
    return part.path("start").asInt() == 1 ? LeadingSpace.STRIPPED : LeadingSpace.KEPT;
  }

  private static TributaryException unsupported(Path file, String found) {
    return new TributaryException(
        ErrorCode.TOKENIZER,
        "%s: the decoder %s; supported are %s".formatted(file, found, SUPPORTED));
  }
}
