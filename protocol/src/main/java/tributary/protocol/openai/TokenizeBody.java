package tributary.protocol.openai;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Tokens;

/**
 * The body of {@code POST /tokenize}: a text, or messages for the model's chat template.
 *
 * @param prompt null where there are messages
 * @param addSpecialTokens absent is yes for a text and no for messages
 */
public record TokenizeBody(
    String model,
    @Nullable String prompt,
    List<ChatMessage> messages,
    boolean addGenerationPrompt,
    Optional<Boolean> addSpecialTokens) {
  public TokenizeBody {
    messages = List.copyOf(messages);
  }

  /** The answer. */
  public record Answer(
      int count, @JsonProperty("max_model_len") int contextLength, List<Integer> tokens) {
    public static Answer of(Tokens tokens, int contextLength) {
      return new Answer(tokens.count(), contextLength, tokens.asList());
    }
  }

  /** Reads and checks a body; every complaint names the field at fault. */
  public static TokenizeBody read(byte[] json) {
    return FieldReader.read(json, fields -> new Reader().read(fields));
  }

  private static final class Reader {
    private @Nullable String model;
    private @Nullable String prompt;
    private final List<ChatMessage> messages = new ArrayList<>();
    private boolean addGenerationPrompt = true;
    private Optional<Boolean> addSpecialTokens = Optional.empty();

    TokenizeBody read(FieldReader fields) throws IOException {
      fields.forEachField("body", this::take);
      if (model == null) {
        throw FieldReader.missing("model");
      }
      if (prompt == null && messages.isEmpty()) {
        throw FieldReader.missing("prompt");
      }
      return new TokenizeBody(model, prompt, messages, addGenerationPrompt, addSpecialTokens);
    }

    private void take(String name, FieldReader in) throws IOException {
      switch (name) {
        case "model" -> model = in.string(name);
        case "prompt" -> prompt = in.string(name);
        case "messages" ->
            in.forEachElement(
                name,
                "an array of messages",
                BodyLimits.MESSAGES_MAX,
                message ->
                    messages.add(MessageReader.read(message, "messages[" + messages.size() + "]")));
        case "add_generation_prompt" -> addGenerationPrompt = in.flag(name, true);
        case "add_special_tokens" ->
            addSpecialTokens = in.isNull() ? Optional.empty() : Optional.of(in.flag(name, true));
        default -> in.skipUnknown(name);
      }
    }
  }
}
