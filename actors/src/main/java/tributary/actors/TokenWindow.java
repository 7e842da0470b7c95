package tributary.actors;

import java.util.OptionalInt;

/**
 * The reader's arithmetic of one sequence: which token must come next and how many may.
 *
 * <p>Credit is a bound on token indices, so a message that is lost or repeated does no harm. It is
 * renewed in halves of the window: one message for many tokens, without a pause in between.
 */
final class TokenWindow {
  private final int tokens;
  private int received;
  private int delivered;
  private int granted;

  TokenWindow(int tokens) {
    this.tokens = tokens;
    this.granted = tokens;
  }

  /** Tokens with indices below this may come. */
  int granted() {
    return granted;
  }

  /** Tokens that came. */
  int received() {
    return received;
  }

  /** Whether a token is the next one and within the credit; counts it if so. */
  boolean receive(int index) {
    if (index != received || index >= granted) {
      return false;
    }
    received++;
    return true;
  }

  /** Counts a token that went downstream; returns the new credit when it is time to tell it. */
  OptionalInt deliver() {
    delivered++;
    int next = Math.addExact(delivered, tokens);
    if (2 * (next - granted) < tokens) {
      return OptionalInt.empty();
    }
    granted = next;
    return OptionalInt.of(granted);
  }
}
