package tributary.protocol;

import java.util.List;

/** What an output must look like, whatever the model would rather say. */
public sealed interface OutputForm {
  static OutputForm free() {
    return new Free();
  }

  /** Anything. */
  record Free() implements OutputForm {}

  /** Any JSON object. */
  record JsonObject() implements OutputForm {}

  /**
   * JSON that is valid against a schema.
   *
   * @param schema as JSON text
   */
  record JsonSchema(String schema) implements OutputForm {}

  /** A text that a regular expression matches as a whole. */
  record Regex(String pattern) implements OutputForm {}

  /** One of these texts. */
  record OneOf(List<String> texts) implements OutputForm {
    public OneOf {
      texts = List.copyOf(texts);
    }
  }

  /**
   * Calls of tools, as {@link ToolCallText} writes them.
   *
   * @param tools that may be called, at least one
   * @param textAllowed whether text may stand before the calls, and alone
   * @param callsMax at least 1
   */
  record ToolCalls(List<Tool> tools, boolean textAllowed, int callsMax) implements OutputForm {
    public ToolCalls {
      tools = List.copyOf(tools);
    }
  }

  /**
   * A function that a model may ask to be called.
   *
   * @param parameters JSON schema of its arguments, as JSON text
   */
  record Tool(String name, String description, String parameters) {}

  default boolean isFree() {
    return this instanceof Free;
  }
}
