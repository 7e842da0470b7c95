package tributary.model.gradient;

import java.util.List;

/**
 * Whole token sequences that are computed together, one after the other as rows.
 *
 * @param sequences at least one, none empty
 */
public record TokenBatch(List<int[]> sequences) {
  public TokenBatch {
    sequences = List.copyOf(sequences);
    if (sequences.isEmpty() || sequences.stream().anyMatch(tokens -> tokens.length == 0)) {
      throw new IllegalArgumentException(
          "batch of %d sequences: wanted at least one, and none empty".formatted(sequences.size()));
    }
  }

  /** Tokens of all sequences. */
  public int rows() {
    return sequences.stream().mapToInt(tokens -> tokens.length).sum();
  }

  /** The row of a sequence's first token. */
  public int firstRow(int sequence) {
    return sequences.subList(0, sequence).stream().mapToInt(tokens -> tokens.length).sum();
  }

  /** The longest sequence's tokens. */
  int longest() {
    return sequences.stream().mapToInt(tokens -> tokens.length).max().orElseThrow();
  }
}
