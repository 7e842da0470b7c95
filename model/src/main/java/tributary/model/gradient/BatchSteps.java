package tributary.model.gradient;

import java.util.HashMap;
import java.util.Map;
import tributary.gpu.Attention.Scores;
import tributary.gpu.Gemm;
import tributary.gpu.Rope;
import tributary.model.family.Dimensions;

/** The steps that depend on a batch's positions, one for each kind that a model has. */
final class BatchSteps {
  private final TokenBatch batch;
  private final Dimensions dimensions;
  private final Gemm gemm;
  private final Map<Rope.Frequencies, RotaryStep> rotaries = new HashMap<>();
  private final Map<Scores, AttentionStep> attentions = new HashMap<>();

  BatchSteps(TokenBatch batch, Dimensions dimensions, Gemm gemm) {
    this.batch = batch;
    this.dimensions = dimensions;
    this.gemm = gemm;
  }

  RotaryStep rotary(Rope.Frequencies frequencies) {
    return rotaries.computeIfAbsent(
        frequencies, _ -> new RotaryStep(batch, frequencies, dimensions.headSize()));
  }

  AttentionStep attention(Scores scores) {
    return attentions.computeIfAbsent(
        scores, _ -> new AttentionStep(batch, dimensions, scores, gemm));
  }
}
