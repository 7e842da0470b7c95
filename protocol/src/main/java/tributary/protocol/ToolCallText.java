package tributary.protocol;

/**
 * How a tool call stands in a model's output, to the byte: the form in which many open models were
 * trained to write them.
 *
 * <pre>
 * &lt;tool_call&gt;
 * {"name": "NAME", "arguments": ARGUMENTS}
 * &lt;/tool_call&gt;
 * </pre>
 *
 * <p>No JSON holds {@link #CLOSE}, since a string has no raw line break and nothing else a {@code
 * <}: the first one ends the arguments.
 */
public final class ToolCallText {
  public static final String OPEN = "<tool_call>\n{\"name\": \"";
  public static final String ARGUMENTS = "\", \"arguments\": ";
  public static final String CLOSE = "}\n</tool_call>";

  /** Stands between a call and the next one, and may stand after text. */
  public static final String BETWEEN = "\n";

  /** Text that opens a call; free text never holds it. */
  public static final String MARK = "<tool_call>";

  private ToolCallText() {}
}
