package tributary.protocol;

import org.jspecify.annotations.Nullable;

/**
 * A request that is answered with "no".
 *
 * @param parameter the request field at fault, if one is
 * @param retryAfter when asking again makes sense, if it does
 */
public record Refusal(
    ErrorCode code, String message, @Nullable String parameter, @Nullable Nanos retryAfter) {
  public static Refusal of(ErrorCode code, String message) {
    return new Refusal(code, message, null, null);
  }

  /** The refusal that tells a caller of {@code failure}; unknown faults show no inner detail. */
  public static Refusal of(Throwable failure) {
    return failure instanceof TributaryException known
        ? new Refusal(known.code(), known.text(), known.parameter(), known.retryAfter())
        : of(ErrorCode.INTERNAL, "internal error; the server's log has the details");
  }
}
