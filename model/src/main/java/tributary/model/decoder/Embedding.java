package tributary.model.decoder;

import org.jspecify.annotations.Nullable;
import tributary.gpu.Activations;
import tributary.model.network.Parameter;
import tributary.model.network.Step;

/**
 * What the first block reads.
 *
 * @param tokens a row for each token
 * @param scale that rows are multiplied by
 * @param positions added to them, or null
 */
public record Embedding(Parameter.Matrix tokens, float scale, @Nullable Positions positions) {
  /** A learned row for each position, from row {@code first} on. */
  public record Positions(Parameter.Matrix matrix, int first) {}

  /** Tokens alone, as they are. */
  public static Embedding of(Parameter.Matrix tokens) {
    return new Embedding(tokens, 1, null);
  }

  void apply(Step step, Activations hidden) {
    step.embed(hidden, tokens);
    if (scale != 1) {
      step.scale(hidden, scale);
    }
    if (positions != null) {
      Activations rows = step.scratch("positions", hidden.columns());
      step.lookUpPositions(rows, positions.matrix, positions.first);
      step.add(hidden, rows);
    }
  }
}
