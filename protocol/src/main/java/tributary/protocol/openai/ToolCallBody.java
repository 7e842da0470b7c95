package tributary.protocol.openai;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * A call of a tool in an answer. In a stream the first part of a call has everything but its
 * arguments, and further parts bring those.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ToolCallBody(
    @Nullable Integer index, @Nullable String id, @Nullable String type, Function function) {
  /** What is called; arguments are JSON text. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Function(@Nullable String name, String arguments) {}

  public static ToolCallBody whole(String id, String name, String arguments) {
    return new ToolCallBody(null, id, "function", new Function(name, arguments));
  }

  public static ToolCallBody first(int index, String id, String name) {
    return new ToolCallBody(index, id, "function", new Function(name, ""));
  }

  public static ToolCallBody further(int index, String arguments) {
    return new ToolCallBody(index, null, null, new Function(null, arguments));
  }
}
