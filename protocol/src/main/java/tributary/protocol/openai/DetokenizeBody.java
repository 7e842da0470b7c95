package tributary.protocol.openai;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Tokens;

/** The body of {@code POST /detokenize}. */
public record DetokenizeBody(String model, Tokens tokens) {
  /** The answer. */
  public record Answer(String prompt) {}

  /** Reads and checks a body; every complaint names the field at fault. */
  public static DetokenizeBody read(byte[] json) {
    return FieldReader.read(json, fields -> new Reader().read(fields));
  }

  private static final class Reader {
    private @Nullable String model;
    private @Nullable Tokens tokens;

    DetokenizeBody read(FieldReader fields) throws IOException {
      fields.forEachField("body", this::take);
      if (model == null) {
        throw FieldReader.missing("model");
      }
      if (tokens == null) {
        throw FieldReader.missing("tokens");
      }
      return new DetokenizeBody(model, tokens);
    }

    private void take(String name, FieldReader in) throws IOException {
      switch (name) {
        case "model" -> model = in.string(name);
        case "tokens" -> {
          var run = new IntRun();
          in.forEachElement(
              name,
              "an array of token ids",
              Integer.MAX_VALUE,
              id -> run.add(id.tokenId("tokens")));
          tokens = run.tokens();
        }
        default -> in.skipUnknown(name);
      }
    }
  }
}
