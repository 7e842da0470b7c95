package tributary.compression.quality;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.compression.quality.Scorer.Score;
import tributary.compression.quality.Scorer.Sequence;
import tributary.model.ForwardPass;
import tributary.model.ResidentDelta;
import tributary.model.tokenizer.TextTokenizer;

/**
 * Measures a variant on a task's records or on text. The definitions are those of the scripts that
 * trained the demo's models, so that figures compare.
 */
public final class Evaluation {
  private static final double NANOS_PER_SECOND = 1e9;

  /** Is told after each step how many records or windows are done, of how many. */
  @FunctionalInterface
  public interface Progress {
    void advanced(int done, int of);
  }

  private final Scorer scorer;
  private final TextTokenizer tokenizer;
  private final int endToken;

  /**
   * An evaluation of one variant.
   *
   * @param pass whose pages this uses; nobody else may use it meanwhile
   * @param endToken ends every completion and every document
   */
  public Evaluation(ForwardPass pass, ResidentDelta delta, TextTokenizer tokenizer, int endToken) {
    this.scorer = new Scorer(pass::run, pass.cache().shape(), delta);
    this.tokenizer = tokenizer;
    this.endToken = endToken;
  }

  /**
   * Exact match and perplexity on the first {@code limit} records of a file of JSON lines, each
   * with {@code prompt} and {@code completion}.
   */
  public Quality task(Path records, int limit, Progress progress) {
    long start = System.nanoTime();
    return measure(Records.task(records, limit, tokenizer, endToken), true, start, progress);
  }

  /**
   * Perplexity on the first {@code limit} windows of a text file, whose documents are separated by
   * {@code <|endoftext|>}.
   */
  public Quality text(Path text, int limit, Progress progress) {
    long start = System.nanoTime();
    return measure(Records.text(text, limit, tokenizer, endToken), false, start, progress);
  }

  private Quality measure(
      List<Sequence> sequences, boolean matches, long startNanos, Progress progress) {
    double logLikelihood = 0;
    long tokens = 0;
    int exact = 0;
    int done = 0;
    while (done < sequences.size()) {
      int count = scorer.fitting(sequences, done);
      for (Score score : scorer.score(sequences.subList(done, done + count))) {
        logLikelihood += score.logLikelihood();
        tokens += score.tokens();
        exact += score.exact() ? 1 : 0;
      }
      done += count;
      progress.advanced(done, sequences.size());
    }
    @Nullable Double exactMatch = matches ? (double) exact / sequences.size() : null;
    return new Quality(
        exactMatch,
        Math.exp(-logLikelihood / tokens),
        sequences.size(),
        tokens,
        (System.nanoTime() - startNanos) / NANOS_PER_SECOND);
  }
}
