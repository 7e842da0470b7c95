package tributary.compression.quality;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tributary.compression.quality.Scorer.Sequence;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.ResidentDelta;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * Measures variants on a task's records or on text, all in the same pass over it: how well each
 * predicts, and how close it stays to the first one, the reference. Definitions of exact match and
 * perplexity are those of the scripts that trained the demo's models, so that figures compare.
 */
public final class Evaluation implements AutoCloseable {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final int PAGE_TOKENS = 16;

  /** Enough for a few records of the longest kind side by side. */
  private static final int PAGES = 256;

  /** What is measured: a model, or a model with a delta. Both must outlive the evaluation. */
  public record Variant(BaseModel model, ResidentDelta delta) {
    /** A whole model. */
    public static Variant of(BaseModel model) {
      return new Variant(model, ResidentDelta.none());
    }

    int vocabulary() {
      return delta == ResidentDelta.none()
          ? model.config().vocabularySize()
          : delta.vocabularySize();
    }
  }

  /** Is told after each step how many records or windows are done, of how many. */
  @FunctionalInterface
  public interface Progress {
    void advanced(int done, int of);
  }

  private final List<ForwardPass> passes;
  private final Scorer scorer;
  private final TextTokenizer tokenizer;
  private final int endToken;

  private Evaluation(
      List<ForwardPass> passes, Scorer scorer, TextTokenizer tokenizer, int endToken) {
    this.passes = passes;
    this.scorer = scorer;
    this.tokenizer = tokenizer;
    this.endToken = endToken;
  }

  /**
   * Prepares to measure.
   *
   * @param directory whose tokenizer reads the records
   * @param variants at least one; the first is the reference
   */
  public static Evaluation open(Path directory, List<Variant> variants) {
    int endToken = endToken(directory, variants.getFirst().model());
    List<ForwardPass> passes = new ArrayList<>();
    try {
      List<Subject> subjects = new ArrayList<>();
      for (Variant variant : variants) {
        ForwardPass pass = ForwardPass.create(variant.model(), PAGES, PAGE_TOKENS);
        passes.add(pass);
        subjects.add(new Subject(pass::run, variant.delta()));
      }
      int vocabulary = variants.stream().mapToInt(Variant::vocabulary).max().orElseThrow();
      Scorer scorer = new Scorer(passes.getFirst().cache().shape(), vocabulary, subjects);
      return new Evaluation(passes, scorer, TextTokenizer.open(directory), endToken);
    } catch (RuntimeException | Error e) {
      passes.forEach(ForwardPass::close);
      throw e;
    }
  }

  /**
   * Measures on the first {@code limit} records of a file of JSON lines, each with {@code prompt}
   * and {@code completion}; the result has an entry for each variant.
   */
  public List<Fidelity> task(Path records, int limit, Progress progress) {
    long start = System.nanoTime();
    return measure(Records.task(records, limit, tokenizer, endToken), true, start, progress);
  }

  /**
   * Measures on the first {@code limit} windows of a text file, whose documents are separated by
   * {@code <|endoftext|>}; the result has an entry for each variant.
   */
  public List<Fidelity> text(Path text, int limit, Progress progress) {
    long start = System.nanoTime();
    return measure(Records.text(text, limit, tokenizer, endToken), false, start, progress);
  }

  @Override
  public void close() {
    passes.forEach(ForwardPass::close);
    tokenizer.close();
  }

  private List<Fidelity> measure(
      List<Sequence> sequences, boolean matches, long startNanos, Progress progress) {
    List<Sum> sums = Stream.generate(Sum::new).limit(passes.size()).toList();
    int done = 0;
    while (done < sequences.size()) {
      int count = scorer.fitting(sequences, done);
      List<List<Score>> scores = scorer.score(sequences.subList(done, done + count));
      for (int variant = 0; variant < sums.size(); variant++) {
        scores.get(variant).forEach(sums.get(variant)::add);
      }
      done += count;
      progress.advanced(done, sequences.size());
    }
    double seconds = (System.nanoTime() - startNanos) / NANOS_PER_SECOND;
    return sums.stream().map(sum -> sum.fidelity(matches, seconds)).toList();
  }

  /** One variant's scores, added up. */
  private static final class Sum {
    private double logLikelihood;
    private double divergence;
    private long tokens;
    private long agreements;
    private int records;
    private int exact;

    void add(Score score) {
      logLikelihood += score.logLikelihood();
      divergence += score.divergence();
      tokens += score.tokens();
      agreements += score.agreements();
      records++;
      exact += score.exact() ? 1 : 0;
    }

    Fidelity fidelity(boolean matches, double seconds) {
      @Nullable Double exactMatch = matches ? (double) exact / records : null;
      double perplexity = Math.exp(-logLikelihood / tokens);
      return new Fidelity(
          new Quality(exactMatch, perplexity, records, tokens, seconds),
          divergence / tokens,
          (double) agreements / tokens);
    }
  }

  private static int endToken(Path directory, BaseModel model) {
    return model.config().eosTokens().stream()
        .min(Integer::compare)
        .orElseThrow(() ->
            new TributaryException(
                ErrorCode.MODEL_CONFIG,
                directory + ": config.json names no eos_token_id, which ends records"));
  }
}
