package tributary.streams;

import java.util.Set;
import java.util.concurrent.CompletionException;
import tributary.protocol.ErrorCode;
import tributary.protocol.Refusal;

/** What of a fault a caller is told. */
final class Refusals {
  /** An answer that neither ended nor failed: its client left, and will not read this. */
  static final Refusal CUT_SHORT =
      Refusal.of(ErrorCode.STREAM_BROKEN, "the answer was cut short; ask again");

  /** Faults with status 500 whose messages are made for callers. */
  private static final Set<ErrorCode> TOLD = Set.of(ErrorCode.INTERNAL, ErrorCode.STREAM_BROKEN);

  private Refusals() {}

  static Refusal of(Throwable failure) {
    return shown(Refusal.of(cause(failure)));
  }

  /** Faults of files and settings are the operator's: their messages may name paths. */
  static Refusal shown(Refusal refusal) {
    boolean isOurs = refusal.code().httpStatus() == 500 && !TOLD.contains(refusal.code());
    return isOurs
        ? Refusal.of(ErrorCode.INTERNAL, "internal error; the server's log has the details")
        : refusal;
  }

  /** The failure itself, out of the wrapping that futures add. */
  static Throwable cause(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? cause(cause) : failure;
  }
}
