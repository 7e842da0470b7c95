package tributary.protocol.openai;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/**
 * The body of {@code POST /v1/embeddings}.
 *
 * @param inputs at least one
 * @param unknownFields names of fields that were ignored
 */
public record EmbeddingBody(
    String model, List<PromptInput> inputs, Encoding encoding, List<String> unknownFields) {
  /** How numbers are written. */
  public enum Encoding {
    FLOAT,
    /** Their 32-bit forms, little end first, as one text. */
    BASE64
  }

  public EmbeddingBody {
    inputs = List.copyOf(inputs);
    unknownFields = List.copyOf(unknownFields);
  }

  /** Reads and checks a body; every complaint names the field at fault. */
  public static EmbeddingBody read(byte[] json, BodyLimits limits) {
    return FieldReader.read(json, fields -> new Reader(limits).read(fields));
  }

  private static final class Reader {
    private final BodyLimits limits;
    private @Nullable String model;
    private List<PromptInput> inputs = List.of();
    private Encoding encoding = Encoding.FLOAT;

    Reader(BodyLimits limits) {
      this.limits = limits;
    }

    EmbeddingBody read(FieldReader fields) throws IOException {
      fields.forEachField("body", this::take);
      if (model == null) {
        throw FieldReader.missing("model");
      }
      if (inputs.isEmpty()) {
        throw FieldReader.missing("input");
      }
      return new EmbeddingBody(model, inputs, encoding, fields.unknown());
    }

    private void take(String name, FieldReader in) throws IOException {
      switch (name) {
        case "model" -> model = in.string(name);
        case "input" -> inputs = PromptReader.read(name, in, limits.promptsMax());
        case "encoding_format" -> encoding = encoding(in.string(name));
        case "dimensions" -> refuse(in);
        default -> in.skipUnknown(name);
      }
    }

    private static Encoding encoding(@Nullable String name) {
      if (name == null) {
        return Encoding.FLOAT;
      }
      for (Encoding encoding : Encoding.values()) {
        if (encoding.name().toLowerCase(Locale.ROOT).equals(name)) {
          return encoding;
        }
      }
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "encoding_format is %s; it must be float or base64".formatted(Quoted.of(name)),
          "encoding_format");
    }

    private static void refuse(FieldReader in) {
      if (!in.isNull()) {
        throw new TributaryException(
            ErrorCode.UNSUPPORTED_PARAMETER,
            "dimensions: these models were not trained for states that are cut; leave it out",
            "dimensions");
      }
    }
  }
}
