package tributary.protocol;

import org.jspecify.annotations.Nullable;

/** A fault of input, file or setting that its owner can mend: what, found, wanted, cure. */
public final class TributaryException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final ErrorCode code;
  private final String text;
  private final @Nullable String parameter;
  private final transient @Nullable Nanos retryAfter;

  public TributaryException(ErrorCode code, String message) {
    this(code, message, (String) null);
  }

  public TributaryException(ErrorCode code, String message, @Nullable String parameter) {
    super(code.wireName() + ": " + message);
    this.code = code;
    this.text = message;
    this.parameter = parameter;
    this.retryAfter = null;
  }

  /** A fault that passes: asking again makes sense after a while. */
  public TributaryException(ErrorCode code, String message, Nanos retryAfter) {
    super(code.wireName() + ": " + message);
    this.code = code;
    this.text = message;
    this.parameter = null;
    this.retryAfter = retryAfter;
  }

  public TributaryException(ErrorCode code, String message, Throwable cause) {
    super(code.wireName() + ": " + message, cause);
    this.code = code;
    this.text = message;
    this.parameter = null;
    this.retryAfter = null;
  }

  /** A number outside its range. */
  public static TributaryException parameter(String name, double found, double min, double max) {
    return new TributaryException(
        ErrorCode.INVALID_PARAMETER,
        "%s is %s; it must be between %s and %s"
            .formatted(name, plain(found), plain(min), plain(max)),
        name);
  }

  public ErrorCode code() {
    return code;
  }

  /** The message without the code in front. */
  public String text() {
    return text;
  }

  /** When asking again makes sense, if the fault says so. */
  public @Nullable Nanos retryAfter() {
    return retryAfter;
  }

  /** The request field or configuration key at fault, if one is. */
  public @Nullable String parameter() {
    return parameter;
  }

  private static String plain(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      return Long.toString((long) value);
    }
    return value == Double.MIN_VALUE ? "a number above 0" : Double.toString(value);
  }
}
