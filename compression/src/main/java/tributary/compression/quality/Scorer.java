package tributary.compression.quality;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import tributary.gpu.KvShape;
import tributary.model.ForwardPass.LogitsSink;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.StepBatch.LogitRows;
import tributary.model.StepBatch.Slice;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * Scores given continuations: how likely each true token was after the true tokens before it. Many
 * sequences share a step; each has pages of its own, which are free again after its score.
 */
final class Scorer {
  /** Rows of one step. */
  private static final int ROWS_MAX = 2048;

  /** Runs one step of the model. */
  @FunctionalInterface
  interface Steps {
    void run(StepBatch batch, LogitsSink sink);
  }

  /**
   * A sequence whose tokens from {@code scoredFrom} on, at least 1, are predicted.
   *
   * @param tokens at least {@code scoredFrom + 1}
   */
  @SuppressWarnings("ArrayRecordComponent") // Belongs to one scorer and is never compared.
  record Sequence(int[] tokens, int scoredFrom) {
    /** The last token is predicted and never read. */
    int inputs() {
      return tokens.length - 1;
    }
  }

  /** The outcome for one sequence: natural logarithms, and whether each token was the likeliest. */
  record Score(double logLikelihood, int tokens, boolean exact) {}

  private final Steps steps;
  private final KvShape shape;
  private final ResidentDelta delta;

  Scorer(Steps steps, KvShape shape, ResidentDelta delta) {
    this.steps = steps;
    this.shape = shape;
    this.delta = delta;
  }

  /** Number of sequences from {@code first} on that fit one step: at least one, or none can. */
  int fitting(List<Sequence> sequences, int first) {
    int rows = 0;
    int pages = 0;
    int next = first;
    while (next < sequences.size()) {
      Sequence sequence = sequences.get(next);
      rows += sequence.inputs();
      pages += pages(sequence);
      if (pages > shape.pages() || (rows > ROWS_MAX && next > first)) {
        break;
      }
      next++;
    }
    if (next == first) {
      throw new IllegalArgumentException(
          "a sequence of %d tokens needs %d pages, the cache has %d"
              .formatted(sequences.get(first).inputs(), pages, shape.pages()));
    }
    return next - first;
  }

  /** Scores sequences that fit one step. */
  List<Score> score(List<Sequence> sequences) {
    List<Slice> contexts = new ArrayList<>();
    List<Slice> tails = new ArrayList<>();
    int firstPage = 0;
    for (Sequence sequence : sequences) {
      int[] pages = IntStream.range(firstPage, firstPage + pages(sequence)).toArray();
      firstPage += pages.length;
      int context = sequence.scoredFrom - 1;
      if (context > 0) {
        int[] tokens = Arrays.copyOf(sequence.tokens, context);
        contexts.add(new Slice(delta, tokens, 0, pages, LogitRows.NONE));
      }
      int[] tokens = Arrays.copyOfRange(sequence.tokens, context, sequence.inputs());
      tails.add(new Slice(delta, tokens, context, pages, LogitRows.ALL));
    }
    if (!contexts.isEmpty()) {
      steps.run(new StepBatch(contexts), (slice, row, logits) -> {});
    }
    Tally[] tallies = new Tally[sequences.size()];
    Arrays.setAll(tallies, index -> new Tally());
    steps.run(
        new StepBatch(tails),
        (slice, row, logits) -> {
          Sequence sequence = sequences.get(slice);
          tallies[slice].add(logits, sequence.tokens[sequence.scoredFrom + row]);
        });
    return Arrays.stream(tallies).map(Tally::score).toList();
  }

  private int pages(Sequence sequence) {
    return Math.ceilDiv(sequence.inputs(), shape.pageTokens());
  }

  /** One sequence's score while its rows arrive. */
  private static final class Tally {
    private double logLikelihood;
    private int tokens;
    private boolean exact = true;

    void add(float[] logits, int token) {
      if (token >= logits.length) {
        throw new TributaryException(
            ErrorCode.TOKENIZER,
            "the tokenizer gives token %d, the model has 0 to %d; they do not belong together"
                .formatted(token, logits.length - 1));
      }
      int likeliest = 0;
      for (int id = 1; id < logits.length; id++) {
        likeliest = logits[id] > logits[likeliest] ? id : likeliest;
      }
      double sum = 0;
      for (float logit : logits) {
        sum += Math.exp(logit - logits[likeliest]);
      }
      logLikelihood += logits[token] - logits[likeliest] - Math.log(sum);
      tokens++;
      exact &= likeliest == token;
    }

    Score score() {
      return new Score(logLikelihood, tokens, exact);
    }
  }
}
