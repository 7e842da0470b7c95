package tributary.model.family;

import tributary.gpu.Activation;
import tributary.protocol.Quoted;

/** The activations that configurations name. */
public final class Activations {
  private Activations() {}

  /** The activation under {@code key}, or {@code absent}. */
  public static Activation read(ConfigKeys keys, String key, Activation absent) {
    return keys.text(key)
        .map(name ->
            switch (name) {
              case "silu", "swish" -> Activation.SILU;
              case "gelu" -> Activation.GELU;
              case "gelu_new", "gelu_fast", "gelu_pytorch_tanh" -> Activation.GELU_TANH;
              case "relu" -> Activation.RELU;
              case String other ->
                  throw keys.complaint(
                      key,
                      "is %s; it must be silu, gelu, gelu_pytorch_tanh or relu"
                          .formatted(Quoted.of(other)));
            })
        .orElse(absent);
  }
}
