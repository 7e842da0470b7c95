package tributary.protocol.openai;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One message of a conversation; text parts are already joined by line breaks.
 *
 * @param toolCalls that an assistant's message made
 * @param toolCallId of the call that a tool's message answers
 */
public record ChatMessage(
    String role, String content, List<ToolCall> toolCalls, @Nullable String toolCallId) {
  public ChatMessage {
    toolCalls = List.copyOf(toolCalls);
  }

  /**
   * A call that was made.
   *
   * @param arguments as JSON text
   */
  public record ToolCall(String id, String name, String arguments) {}
}
