package tributary.protocol.openai;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Sampling;
import tributary.protocol.TributaryException;

/**
 * The body of {@code POST /v1/chat/completions}.
 *
 * @param messages at least one
 * @param addGenerationPrompt whether the template opens the assistant's turn
 * @param continueFinalMessage whether the answer goes on where the last message ends
 * @param templateValues further values for the template: texts, numbers and booleans
 * @param tools as they were sent, each as JSON text; {@code options.form()} says what may be called
 * @param toolNamed whether the request names the tool that must be called
 * @param unknownFields names of fields that were ignored
 */
public record ChatCompletionBody(
    String model,
    List<ChatMessage> messages,
    boolean addGenerationPrompt,
    boolean continueFinalMessage,
    Map<String, Object> templateValues,
    List<String> tools,
    boolean toolNamed,
    GenerationOptions options,
    List<String> unknownFields) {
  public ChatCompletionBody {
    messages = List.copyOf(messages);
    templateValues = Map.copyOf(templateValues);
    tools = List.copyOf(tools);
    unknownFields = List.copyOf(unknownFields);
  }

  /** Reads and checks a body; every complaint names the field at fault. */
  public static ChatCompletionBody read(byte[] json, BodyLimits limits) {
    return FieldReader.read(json, fields -> new Reader(limits).read(fields));
  }

  private static final class Reader {
    private static final List<String> OWN_VALUES =
        List.of("messages", "tools", "documents", "add_generation_prompt");

    private final OptionsReader options;
    private @Nullable String model;
    private final List<ChatMessage> messages = new ArrayList<>();
    private boolean addGenerationPrompt = true;
    private boolean continueFinalMessage;
    private final Map<String, Object> templateValues = new HashMap<>();
    private final ToolsReader tools = new ToolsReader();
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
      var wanted = tools.finish();
      wanted.ifPresent(some -> options.toolCalls(some.calls()));
      return new ChatCompletionBody(
          model,
          messages,
          addGenerationPrompt && !continueFinalMessage,
          continueFinalMessage,
          templateValues,
          wanted.map(ToolsReader.Tools::raw).orElse(List.of()),
          wanted.map(ToolsReader.Tools::named).orElse(false),
          options.finish(),
          fields.unknown());
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
        case "continue_final_message" -> continueFinalMessage = in.flag(name, false);
        case "chat_template_kwargs" -> templateValues(in);
        case "tools", "tool_choice", "parallel_tool_calls" -> tools.take(name, in);
        case "logprobs" -> logprobs = in.flag(name, false);
        case "top_logprobs" ->
            topLogprobs = in.integer(name, 0, Sampling.TOP_LOGPROBS_MAX, Sampling.NO_LOGPROBS);
        case "max_completion_tokens" -> options.maxTokens(name, in);
        default -> options.take(name, in);
      }
    }

    /** Plain values only: a template walks over what it is given. */
    private void templateValues(FieldReader in) throws IOException {
      if (in.isNull()) {
        return;
      }
      in.forEachField(
          "chat_template_kwargs",
          (name, value) -> {
            String path = "chat_template_kwargs." + name;
            if (templateValues.size() == BodyLimits.TEMPLATE_VALUES_MAX
                || OWN_VALUES.contains(name)) {
              throw new TributaryException(
                  ErrorCode.INVALID_PARAMETER,
                  "%s: at most %d values, and none of the server's own (%s)"
                      .formatted(
                          path, BodyLimits.TEMPLATE_VALUES_MAX, String.join(", ", OWN_VALUES)),
                  "chat_template_kwargs");
            }
            if (value.isText()) {
              templateValues.put(name, value.text(path, ""));
            } else if (value.isNumber()) {
              templateValues.put(name, value.number(path, 0));
            } else if (!value.isNull()) {
              templateValues.put(name, value.flag(path, false));
            }
          });
    }
  }
}
