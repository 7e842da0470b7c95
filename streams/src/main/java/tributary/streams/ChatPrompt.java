package tributary.streams;

import java.util.ArrayList;
import java.util.List;
import tributary.actors.ServedModel;
import tributary.model.tokenizer.ChatTemplate;
import tributary.protocol.ErrorCode;
import tributary.protocol.ToolCallText;
import tributary.protocol.TributaryException;
import tributary.protocol.openai.ChatCompletionBody;
import tributary.protocol.openai.ChatMessage;

/** Writes a conversation as its model's template wants it. */
final class ChatPrompt {
  private ChatPrompt() {}

  static String of(ChatCompletionBody body, ServedModel model) {
    ChatTemplate template = template(model);
    var messages = new ArrayList<>(messages(body.messages()));
    if (!body.tools().isEmpty() && !template.showsTools()) {
      messages.addFirst(new ChatTemplate.Message("system", told(body.tools())));
    }
    String prompt =
        template.render(
            messages,
            new ChatTemplate.Options(
                body.addGenerationPrompt(), body.tools(), body.templateValues()));
    return body.continueFinalMessage() ? cut(prompt, messages.getLast().content()) : prompt;
  }

  /** The prompt for messages alone. */
  static String of(List<ChatMessage> messages, boolean addGenerationPrompt, ServedModel model) {
    return template(model).render(messages(messages), addGenerationPrompt);
  }

  private static ChatTemplate template(ServedModel model) {
    return model
        .chatTemplate()
        .orElseThrow(() ->
            new TributaryException(
                ErrorCode.CHAT_TEMPLATE,
                "model %s has no chat template; use /v1/completions, or configure one"
                    .formatted(model.id()),
                "messages"));
  }

  private static List<ChatTemplate.Message> messages(List<ChatMessage> messages) {
    return messages.stream()
        .map(message ->
            new ChatTemplate.Message(
                message.role(),
                message.content(),
                message.toolCalls().stream()
                    .map(
                        call -> new ChatTemplate.ToolCall(call.id(), call.name(), call.arguments()))
                    .toList(),
                message.toolCallId()))
        .toList();
  }

  /** What a model is told of tools whose template has no words for them. */
  private static String told(List<String> tools) {
    return """
    You may call functions. Their signatures:
    <tools>
    %s
    </tools>
    To call one, answer with
    %sNAME%sARGUMENTS%s\
    """
        .formatted(
            String.join("\n", tools),
            ToolCallText.OPEN,
            ToolCallText.ARGUMENTS,
            ToolCallText.CLOSE);
  }

  /** The answer goes on behind the last message, so what the template put there is left out. */
  private static String cut(String prompt, String last) {
    String text = last.strip();
    int at = prompt.lastIndexOf(text);
    if (text.isEmpty() || at < 0) {
      throw new TributaryException(
          ErrorCode.CHAT_TEMPLATE,
          "the template does not show the last message as it is, so it cannot be continued",
          "continue_final_message");
    }
    return prompt.substring(0, at + text.length());
  }
}
