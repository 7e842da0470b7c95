package tributary.protocol.openai;

/** One message of a conversation; text parts are already joined by line breaks. */
public record ChatMessage(String role, String content) {}
