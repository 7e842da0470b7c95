package tributary.model.gradient;

import java.util.Arrays;

/**
 * A token sequence of which the tokens from {@code from} on are predicted, each from all before it:
 * a task record's completion after its prompt.
 *
 * @param tokens more than {@code from}
 * @param from at least 1
 */
@SuppressWarnings("ArrayRecordComponent") // Belongs to one calibration and is never compared.
public record Completion(int[] tokens, int from) {
  public Completion {
    if (from < 1 || from >= tokens.length) {
      throw new IllegalArgumentException(
          "completion from token %d of %d: wanted some before it and some from it on"
              .formatted(from, tokens.length));
    }
  }

  /** Tokens that a pass has to read: the last is predicted and never read. */
  public int inputs() {
    return tokens.length - 1;
  }

  /**
   * This completion within {@code most} inputs: a long prompt loses its beginning, a long
   * completion its end. Where both are long each keeps half.
   */
  public Completion cut(int most) {
    if (inputs() <= most) {
      return this;
    }
    int predicted = Math.min(tokens.length - from, Math.max(most - (from - 1), (most + 1) / 2));
    int prompt = Math.min(from, most + 1 - predicted);
    int[] kept = Arrays.copyOfRange(tokens, from - prompt, from + predicted);
    return new Completion(kept, prompt);
  }
}
