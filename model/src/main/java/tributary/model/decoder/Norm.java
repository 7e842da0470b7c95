package tributary.model.decoder;

import tributary.gpu.Activations;
import tributary.model.network.Parameter;
import tributary.model.network.Step;

/** A normalization of each row, or of each head of a row. */
public sealed interface Norm {
  float epsilon();

  /** By the root mean square. */
  record RootMeanSquare(Parameter.Vector weight, float epsilon) implements Norm {}

  /** By mean and variance. */
  record Layer(Parameter.Vector weight, Parameter.Vector bias, float epsilon) implements Norm {}

  /** Normalizes {@code x} into {@code out}, which may be {@code x}. */
  default void apply(Step step, Activations out, Activations x) {
    switch (this) {
      case RootMeanSquare(var weight, float epsilon) -> step.rmsNorm(out, x, weight, epsilon);
      case Layer(var weight, var bias, float epsilon) ->
          step.layerNorm(out, x, weight, bias, epsilon);
    }
  }
}
