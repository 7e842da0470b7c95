package tributary.protocol;

import org.jspecify.annotations.Nullable;

/**
 * How soon a request's answer is wanted.
 *
 * @param urgency a greater one goes first among the waiting requests of its own variant
 * @param within after which the answer is worth nothing and is ended, counted from when the request
 *     is accepted; null when it may take as long as any
 */
public record Haste(int urgency, @Nullable Nanos within) {
  /** No wishes. */
  public static final Haste NONE = new Haste(0, null);
}
