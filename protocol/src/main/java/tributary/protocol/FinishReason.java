package tributary.protocol;

/** Why a sequence ended. */
public enum FinishReason {
  /** A stop token or stop string was produced. */
  STOP("stop"),
  /** The token limit or the context's end was reached. */
  LENGTH("length"),
  /** The output asks for tools to be called. */
  TOOL_CALLS("tool_calls"),
  /** Whoever asked went away or withdrew. */
  CANCELLED("cancelled");

  private final String wireName;

  FinishReason(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }
}
