package tributary.model;

import java.util.Optional;
import tributary.protocol.Quoted;

/** How rotary positions stretch to contexts longer than those first trained on. */
sealed interface RopeScaling {
  double THETA_DEFAULT = 10_000;
  double FACTOR_MAX = 1e6;

  /** Base of the geometric series of wavelengths. */
  double theta();

  /** {@code theta ^ (-2i / headSize)}. */
  record Plain(double theta) implements RopeScaling {}

  /** All positions divided by {@code factor}. */
  record Linear(double theta, double factor) implements RopeScaling {}

  /**
   * Llama 3: long wavelengths are divided by {@code factor}, short ones stay, those between blend.
   *
   * @param originalContext positions trained on first
   */
  record Llama3(
      double theta, double factor, double lowFactor, double highFactor, int originalContext)
      implements RopeScaling {
    private double blended(double frequency) {
      double turns = originalContext * frequency / (2 * Math.PI);
      if (turns > highFactor) {
        return frequency;
      }
      if (turns < lowFactor) {
        return frequency / factor;
      }
      double unscaledShare = (turns - lowFactor) / (highFactor - lowFactor);
      return frequency * (unscaledShare + (1 - unscaledShare) / factor);
    }
  }

  /** Rotation speeds of a head's pairs. */
  default float[] frequencies(int headSize) {
    float[] frequencies = new float[headSize / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = (float) scaled(Math.pow(theta(), -2.0 * i / headSize));
    }
    return frequencies;
  }

  private double scaled(double frequency) {
    return switch (this) {
      case Plain _ -> frequency;
      case Linear linear -> frequency / linear.factor;
      case Llama3 llama3 -> llama3.blended(frequency);
    };
  }

  /**
   * Reads transformers 5's {@code rope_parameters}, or {@code rope_theta} and {@code rope_scaling}
   * as older checkpoints have them.
   */
  static RopeScaling read(ConfigKeys keys, int contextLength) {
    Optional<ConfigKeys> parameters =
        keys.object("rope_parameters").or(() -> keys.object("rope_scaling"));
    if (parameters.isEmpty()) {
      return new Plain(theta(keys));
    }
    ConfigKeys rope = parameters.get();
    double theta = theta(rope.has("rope_theta") ? rope : keys);
    if (rope.numberOr("partial_rotary_factor", 1, 0, 1) != 1) {
      throw rope.complaint("partial_rotary_factor", "is not 1; whole heads are rotated");
    }
    String key = rope.has("rope_type") ? "rope_type" : "type";
    String type = rope.text(key).orElse("default");
    return switch (type) {
      case "default" -> new Plain(theta);
      case "linear" -> new Linear(theta, rope.number("factor", 1, FACTOR_MAX));
      case "llama3" -> llama3(rope, theta, contextLength);
      case String other ->
          throw rope.complaint(
              key, "is %s; it must be default, linear or llama3".formatted(Quoted.of(other)));
    };
  }

  private static double theta(ConfigKeys keys) {
    return keys.numberOr("rope_theta", THETA_DEFAULT, 1, 1e12);
  }

  private static Llama3 llama3(ConfigKeys rope, double theta, int contextLength) {
    double low = rope.number("low_freq_factor", 1e-6, FACTOR_MAX);
    double high = rope.number("high_freq_factor", 1e-6, FACTOR_MAX);
    if (high <= low) {
      throw rope.complaint(
          "high_freq_factor", "is %s; it must be above low_freq_factor %s".formatted(high, low));
    }
    return new Llama3(
        theta,
        rope.number("factor", 1, FACTOR_MAX),
        low,
        high,
        rope.integerOr("original_max_position_embeddings", contextLength, 1, 1 << 24));
  }
}
