package tributary.model.decoder;

import tributary.gpu.Activations;
import tributary.model.network.Parameter;
import tributary.model.network.Step;

/**
 * What turns the last block's output into logits.
 *
 * @param softCap that logits stay below, or {@link #UNCAPPED}
 */
public record Head(Norm norm, Parameter.Matrix matrix, float softCap) {
  public static final float UNCAPPED = 0;

  /** A head whose logits are as they come. */
  public static Head of(Norm norm, Parameter.Matrix matrix) {
    return new Head(norm, matrix, UNCAPPED);
  }

  void apply(Step step, Activations logits, Activations hidden) {
    norm.apply(step, hidden, hidden);
    step.multiply(logits, hidden, matrix);
    if (softCap != UNCAPPED) {
      step.softCap(logits, softCap);
    }
  }
}
