package tributary.model.tokenizer;

import java.util.List;

/** A Jinja chat template, sandboxed: bounded steps, bounded output, no reflection, no includes. */
public final class ChatTemplate {
  /** One message of a conversation. */
  public record Message(String role, String content) {}

  public static ChatTemplate compile(String source) {
    throw new UnsupportedOperationException();
  }

  /** The prompt for these messages; a template's own complaint is a {@code chat_template} error. */
  public String render(List<Message> messages, boolean addGenerationPrompt) {
    throw new UnsupportedOperationException();
  }
}
