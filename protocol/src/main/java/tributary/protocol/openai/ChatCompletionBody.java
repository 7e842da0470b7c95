package tributary.protocol.openai;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Sampling;
import tributary.protocol.TributaryException;

/**
 * The body of {@code POST /v1/chat/completions}.
 *
 * @param messages at least one
 * @param addGenerationPrompt whether the template opens the assistant's turn
 * @param unknownFields names of fields that were ignored
 */
public record ChatCompletionBody(
    String model,
    List<ChatMessage> messages,
    boolean addGenerationPrompt,
    GenerationOptions options,
    List<String> unknownFields) {
  public ChatCompletionBody {
    messages = List.copyOf(messages);
    unknownFields = List.copyOf(unknownFields);
  }

  /** Reads and checks a body; every complaint names the field at fault. */
  public static ChatCompletionBody read(byte[] json, BodyLimits limits) {
    return FieldReader.read(json, fields -> new Reader(limits).read(fields));
  }

  private static final class Reader {
    private final OptionsReader options;
    private @Nullable String model;
    private final List<ChatMessage> messages = new ArrayList<>();
    private boolean addGenerationPrompt = true;
    private boolean logprobs;
    private int topLogprobs = Sampling.NO_LOGPROBS;

    Reader(BodyLimits limits) {
      this.options = new OptionsReader(limits);
    }

    ChatCompletionBody read(FieldReader fields) throws IOException {
      fields.forEachField("body", this::take);
      if (model == null) {
        throw FieldReader.missing("model");
      }
      if (messages.isEmpty()) {
        throw FieldReader.missing("messages");
      }
      if (!logprobs && topLogprobs > 0) {
        throw new TributaryException(
            ErrorCode.INVALID_PARAMETER,
            "top_logprobs is %d but logprobs is off; send logprobs: true with it"
                .formatted(topLogprobs),
            "top_logprobs");
      }
      options.topLogprobs(logprobs ? Math.max(0, topLogprobs) : Sampling.NO_LOGPROBS);
      return new ChatCompletionBody(
          model, messages, addGenerationPrompt, options.finish(), fields.unknown());
    }

    private void take(String name, FieldReader in) throws IOException {
      switch (name) {
        case "model" -> model = in.string(name);
        case "messages" ->
            in.forEachElement(
                name,
                "an array of messages",
                BodyLimits.MESSAGES_MAX,
                message ->
                    messages.add(MessageReader.read(message, "messages[" + messages.size() + "]")));
        case "add_generation_prompt" -> addGenerationPrompt = in.flag(name, true);
        case "logprobs" -> logprobs = in.flag(name, false);
        case "top_logprobs" ->
            topLogprobs = in.integer(name, 0, Sampling.TOP_LOGPROBS_MAX, Sampling.NO_LOGPROBS);
        case "max_completion_tokens" -> options.maxTokens(name, in);
        default -> options.take(name, in);
      }
    }
  }
}
