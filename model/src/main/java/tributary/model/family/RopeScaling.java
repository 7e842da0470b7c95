package tributary.model.family;

import java.util.List;
import java.util.Optional;
import tributary.gpu.Rope;
import tributary.protocol.Quoted;

/** How rotary positions stretch to contexts longer than those first trained on. */
public sealed interface RopeScaling {
  double THETA_DEFAULT = 10_000;
  double FACTOR_MAX = 1e6;

  /** Base of the geometric series of wavelengths. */
  double theta();

  /** {@code theta ^ (-2i / rotated)}. */
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

  /**
   * YaRN: long wavelengths are divided by {@code factor}, short ones stay, with a ramp over the
   * pairs between; all is multiplied by a scale.
   *
   * @param fast turns within the original context from which on a wavelength is short
   * @param slow turns below which it is long
   */
  record Yarn(
      double theta, double factor, double fast, double slow, int originalContext, double scale)
      implements RopeScaling {
    private double blended(double frequency, int pair, int rotated) {
      double low = Math.max(Math.floor(pairOf(fast, rotated)), 0);
      double high = Math.min(Math.ceil(pairOf(slow, rotated)), rotated - 1);
      double ramp = (pair - low) / (high == low ? 0.001 : high - low);
      double scaledShare = Math.clamp(ramp, 0, 1);
      return frequency * (1 - scaledShare + scaledShare / factor);
    }

    /** The pair, as a fraction, that turns so often within the original context. */
    private double pairOf(double turns, int rotated) {
      return rotated * Math.log(originalContext / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
    }
  }

  /**
   * LongRoPE within the context first trained on: a factor for each pair, and a scale on all. Past
   * that context other factors hold, and what was cached with these would be wrong.
   */
  record LongShort(double theta, List<Double> factors, int originalContext, double scale)
      implements RopeScaling {
    public LongShort {
      factors = List.copyOf(factors);
    }
  }

  /** Rotation speeds of the pairs among a head's first {@code rotated} values. */
  default Rope.Frequencies frequencies(int rotated) {
    float[] frequencies = new float[rotated / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = (float) scaled(Math.pow(theta(), -2.0 * i / rotated), i, rotated);
    }
    return new Rope.Frequencies(frequencies, (float) scale());
  }

  private double scaled(double frequency, int pair, int rotated) {
    return switch (this) {
      case Plain _ -> frequency;
      case Linear linear -> frequency / linear.factor;
      case Llama3 llama3 -> llama3.blended(frequency);
      case Yarn yarn -> yarn.blended(frequency, pair, rotated);
      case LongShort(_, List<Double> factors, _, _) -> frequency / factors.get(pair);
    };
  }

  /** The factor on cosines and sines. */
  private double scale() {
    return switch (this) {
      case Plain _, Linear _, Llama3 _ -> 1;
      case Yarn yarn -> yarn.scale;
      case LongShort longShort -> longShort.scale;
    };
  }

  /**
   * Reads an object of rope parameters.
   *
   * @param parameters empty when there are none
   * @param theta where they do not say
   * @param keys of the whole configuration
   */
  static RopeScaling read(
      Optional<ConfigKeys> parameters, double theta, ConfigKeys keys, Dimensions dimensions) {
    if (parameters.isEmpty()) {
      return new Plain(theta);
    }
    ConfigKeys rope = parameters.get();
    double own = theta(rope, theta);
    String key = rope.has("rope_type") ? "rope_type" : "type";
    String type = rope.text(key).orElse("default");
    int original =
        rope.integerOr(
            "original_max_position_embeddings",
            keys.integerOr(
                "original_max_position_embeddings", dimensions.context(), 1, ConfigKeys.TOKENS_MAX),
            1,
            ConfigKeys.TOKENS_MAX);
    return switch (type) {
      case "default" -> new Plain(own);
      case "linear" -> new Linear(own, rope.number("factor", 1, FACTOR_MAX));
      case "llama3" -> llama3(rope, own, original);
      case "yarn" -> yarn(rope, own, original);
      case "longrope", "su" -> longShort(rope, own, original, dimensions);
      case String other ->
          throw rope.complaint(
              key,
              "is %s; it must be default, linear, llama3, yarn or longrope"
                  .formatted(Quoted.of(other)));
    };
  }

  /** The base of wavelengths, or {@code absent}. */
  static double theta(ConfigKeys keys, double absent) {
    return keys.numberOr("rope_theta", absent, 1, 1e12);
  }

  private static Llama3 llama3(ConfigKeys rope, double theta, int originalContext) {
    double low = rope.number("low_freq_factor", 1e-6, FACTOR_MAX);
    double high = rope.number("high_freq_factor", 1e-6, FACTOR_MAX);
    if (high <= low) {
      throw rope.complaint(
          "high_freq_factor", "is %s; it must be above low_freq_factor %s".formatted(high, low));
    }
    return new Llama3(theta, rope.number("factor", 1, FACTOR_MAX), low, high, originalContext);
  }

  private static Yarn yarn(ConfigKeys rope, double theta, int originalContext) {
    for (String key : List.of("mscale", "mscale_all_dim", "truncate")) {
      if (rope.has(key)) {
        throw rope.complaint(key, "is set; this build reads yarn without it");
      }
    }
    double factor = rope.number("factor", 1, FACTOR_MAX);
    return new Yarn(
        theta,
        factor,
        rope.numberOr("beta_fast", 32, 1e-6, FACTOR_MAX),
        rope.numberOr("beta_slow", 1, 1e-6, FACTOR_MAX),
        originalContext,
        rope.numberOr("attention_factor", 0.1 * Math.log(factor) + 1, 1e-6, FACTOR_MAX));
  }

  private static LongShort longShort(
      ConfigKeys rope, double theta, int originalContext, Dimensions dimensions) {
    double stretch = (double) dimensions.context() / originalContext;
    double factor = rope.numberOr("factor", Math.max(1, stretch), 1, FACTOR_MAX);
    double scale = Math.sqrt(1 + Math.log(factor) / Math.log(originalContext));
    List<Double> factors = rope.numbers("short_factor", 1e-6, FACTOR_MAX);
    return new LongShort(
        theta,
        factors,
        originalContext,
        rope.numberOr("attention_factor", scale, 1e-6, FACTOR_MAX));
  }
}
