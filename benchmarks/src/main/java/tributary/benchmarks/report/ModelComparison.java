package tributary.benchmarks.report;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tributary.benchmarks.engines.LlamaCppJavaEngine;
import tributary.benchmarks.engines.TributaryEngine;
import tributary.benchmarks.engines.Work;
import tributary.benchmarks.weights.ModelShape;
import tributary.benchmarks.weights.Tensor;

/**
 * All engines on one model.
 *
 * @param model the model's name
 * @param shape its sizes
 * @param figures one entry an engine and kind of work
 */
public record ModelComparison(String model, ModelShape shape, List<Figures> figures) {

  /** The engine whose tokens the others' are held against. */
  static final String REFERENCE = LlamaCppJavaEngine.NAME;

  /** The engine that the others are compared with. */
  static final String OURS = TributaryEngine.NAME;

  /** The bytes of bf16 weights that a decode step multiplies with: all but an embedding table. */
  long bytesPerStep() {
    return Tensor.all(shape).stream()
        .filter(tensor -> shape.tiedEmbeddings() || !tensor.name().contains("embed_tokens"))
        .mapToLong(Tensor::sizeBytes)
        .sum();
  }

  /** The figures of an engine in a kind of work, if it was compared. */
  Optional<Figures> of(String engine, Work work) {
    return figures.stream()
        .filter(entry -> entry.engine().equals(engine) && entry.work().equals(work))
        .findFirst();
  }

  /** One line that says what the model is. */
  String description() {
    long weights = Tensor.all(shape).stream().mapToLong(Tensor::weights).sum();
    return String.format(
        Locale.ROOT,
        "%.1f M weights: vocabulary %d, hidden %d, feed-forward %d, %d layers, %d heads over %d"
            + " key-value heads of %d, %s embeddings; a step multiplies with %.3f GB of bf16",
        weights / 1e6, shape.vocabulary(), shape.hidden(), shape.intermediate(), shape.layers(),
        shape.heads(), shape.keyValueHeads(), shape.headWidth(),
        shape.tiedEmbeddings() ? "tied" : "untied", bytesPerStep() / 1e9);
  }
}
