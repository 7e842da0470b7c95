package tributary.compression.quality;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import tributary.compression.quality.Distribution.Reference;
import tributary.gpu.Gemm;
import tributary.model.ModelConfig;
import tributary.model.gradient.Completion;
import tributary.model.gradient.CompletionBatch;
import tributary.model.gradient.DenseModel;
import tributary.model.gradient.GradientPass;
import tributary.model.gradient.Matrix;
import tributary.tensor.TensorView;
import tributary.tensor.container.TensorSource;

/**
 * How a model with some tensors exchanged agrees with the one that it was made of.
 *
 * @param divergence Kullback-Leibler divergence from the original, in nats, mean over tokens
 * @param agreement share of the tokens where both find the same token likeliest
 */
public record Agreement(double divergence, double agreement) {
  /** Tokens that are computed together, unless a completion has more. */
  private static final int TOKENS_MAX = 1 << 11;

  /** Logits of one model that exist at a time, or those of one row. */
  private static final int LOGITS_MAX = 1 << 20;

  /**
   * Measures on completions, of all variants with one pass of the original. Computed as gradients
   * are, by dense products.
   *
   * @param variants each of them tensors that stand in for the original's of the same name
   * @return for each variant
   */
  public static List<Agreement> of(
      ModelConfig config,
      TensorSource original,
      List<Map<String, TensorView>> variants,
      List<Completion> completions,
      Gemm gemm) {
    GradientPass reference = pass(config, original, Map.of(), gemm);
    List<Sum> sums =
        variants.stream().map(variant -> new Sum(pass(config, original, variant, gemm))).toList();
    for (CompletionBatch batch : batches(completions)) {
      Matrix wanted = reference.hidden(batch.batch());
      sums.forEach(sum -> sum.hidden = sum.pass.hidden(batch.batch()));
      int rowsMax = Math.max(1, LOGITS_MAX / config.vocabularySize());
      for (int from = 0; from < batch.rows().length; from += rowsMax) {
        int end = Math.min(batch.rows().length, from + rowsMax);
        int[] rows = Arrays.copyOfRange(batch.rows(), from, end);
        List<Reference> references =
            distributions(reference.logits(wanted, rows)).parallelStream()
                .map(Distribution::reference)
                .toList();
        sums.forEach(sum -> sum.add(references, rows));
      }
    }
    return sums.stream().map(Sum::mean).toList();
  }

  private static GradientPass pass(
      ModelConfig config, TensorSource original, Map<String, TensorView> exchanged, Gemm gemm) {
    return GradientPass.of(DenseModel.load(config, new Borrowed(original, exchanged)), gemm);
  }

  private static List<CompletionBatch> batches(List<Completion> completions) {
    List<CompletionBatch> batches = new ArrayList<>();
    List<Completion> together = new ArrayList<>();
    int tokens = 0;
    for (Completion completion : completions) {
      if (tokens > 0 && tokens + completion.inputs() > TOKENS_MAX) {
        batches.add(CompletionBatch.of(together));
        together.clear();
        tokens = 0;
      }
      together.add(completion);
      tokens += completion.inputs();
    }
    batches.add(CompletionBatch.of(together));
    return batches;
  }

  private static List<Distribution> distributions(Matrix logits) {
    return IntStream.range(0, logits.rows())
        .parallel()
        .mapToObj(row -> {
          int from = row * logits.columns();
          return new Distribution(
              Arrays.copyOfRange(logits.values(), from, from + logits.columns()));
        })
        .toList();
  }

  /** What one variant has come to. */
  private static final class Sum {
    private final GradientPass pass;
    private Matrix hidden = Matrix.zeros(0, 0);
    private double divergence;
    private long agreements;
    private long tokens;

    Sum(GradientPass pass) {
      this.pass = pass;
    }

    void add(List<Reference> references, int[] rows) {
      List<Distribution> found = distributions(pass.logits(hidden, rows));
      double[] divergences =
          IntStream.range(0, rows.length)
              .parallel()
              .mapToDouble(row -> references.get(row).divergence(found.get(row)))
              .toArray();
      for (int row = 0; row < rows.length; row++) {
        divergence += divergences[row];
        agreements += references.get(row).likeliest() == found.get(row).likeliest() ? 1 : 0;
      }
      tokens += rows.length;
    }

    Agreement mean() {
      return new Agreement(divergence / tokens, (double) agreements / tokens);
    }
  }
}
