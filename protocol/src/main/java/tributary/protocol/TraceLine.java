package tributary.protocol;

import org.jspecify.annotations.Nullable;

/**
 * A request in Tributary's own trace format: a header line, then one line a request in the order of
 * arrival, such as
 *
 * <pre>
 * {"format":"tributary-trace","version":1}
 * {"arrival_ns":1591749016,"model":"support","prompt_tokens":17,"output_tokens":171}
 * </pre>
 *
 * @param arrival from any moment on
 * @param model left out where it is not known
 */
public record TraceLine(
    Nanos arrival, @Nullable DeltaId model, int promptTokens, int outputTokens) {
  public static final int VERSION = 1;
  public static final String FORMAT = "tributary-trace";
  public static final String HEADER =
      "{\"format\":\"" + FORMAT + "\",\"version\":" + VERSION + "}\n";

  /** The line with its end. */
  public String toJson() {
    String named = model == null ? "" : "\"model\":\"" + model + "\",";
    return "{\"arrival_ns\":%d,%s\"prompt_tokens\":%d,\"output_tokens\":%d}\n"
        .formatted(arrival.count(), named, promptTokens, outputTokens);
  }
}
