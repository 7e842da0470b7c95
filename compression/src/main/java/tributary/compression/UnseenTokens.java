package tributary.compression;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import tributary.model.gradient.Completion;

/**
 * Makes records as unfamiliar as those that a model will meet. A fine-tune was trained on its
 * records and is sure of them, and they hold few of the tokens that it knows, so that they hardly
 * show what coarse embeddings lose. How often a token will come that records do not hold, they tell
 * themselves: as often as one of theirs is the only one of its kind (Good and Turing's estimate).
 * So many tokens are exchanged for others that the records do not hold; of those, one further down
 * the vocabulary, which is ordered by frequency more or less, comes less often.
 */
final class UnseenTokens {
  private static final long SEED = 1;

  /** More than this would only show that there are too few records. */
  private static final double SHARE_MAX = 0.1;

  private static final int TRIES = 64;

  private final int[] counts;
  private final double share;
  private final Random random = new Random(SEED);

  private UnseenTokens(int[] counts) {
    this.counts = counts;
    long singles = Arrays.stream(counts).filter(count -> count == 1).count();
    long tokens = Arrays.stream(counts).asLongStream().sum();
    this.share = tokens == 0 ? 0 : Math.min(SHARE_MAX, (double) singles / tokens);
  }

  /**
   * The records with some of their tokens exchanged, the same ones every time; where the
   * completions begin stays.
   *
   * @param seen the records that tell how much is not seen in them
   */
  static List<Completion> into(List<Completion> records, List<int[]> seen, int vocabulary) {
    int[] counts = new int[vocabulary];
    seen.forEach(tokens -> Arrays.stream(tokens).forEach(token -> counts[token]++));
    UnseenTokens unseen = new UnseenTokens(counts);
    return records.stream().map(unseen::exchanged).toList();
  }

  private Completion exchanged(Completion record) {
    int[] tokens = record.tokens().clone();
    // The first token may be one that begins every record.
    for (int i = 1; i < tokens.length; i++) {
      if (random.nextDouble() < share) {
        tokens[i] = unseen(tokens[i]);
      }
    }
    return new Completion(tokens, record.from());
  }

  /** Tokens whose ids are twice as large are half as likely. */
  private int unseen(int otherwise) {
    for (int attempt = 0; attempt < TRIES; attempt++) {
      int token = (int) Math.pow(counts.length, random.nextDouble());
      if (token < counts.length && counts[token] == 0) {
        return token;
      }
    }
    return otherwise;
  }
}
