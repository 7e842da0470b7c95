package tributary.model.family;

import java.util.Optional;
import tributary.gpu.Rope;

/**
 * Rotary positions of a head.
 *
 * @param rotated leading values of a head that are rotated; even
 */
public record Rotation(RopeScaling scaling, int rotated) {
  /** No positions are rotated. */
  public static final Rope.Frequencies NONE = new Rope.Frequencies(new float[0], 1);

  /**
   * Reads transformers 5's {@code rope_parameters}, or {@code rope_theta} and {@code rope_scaling}
   * as older checkpoints have them.
   *
   * @param share of a head that is rotated where nothing is said
   */
  public static Rotation read(ConfigKeys keys, Dimensions dimensions, double share) {
    Optional<ConfigKeys> parameters =
        keys.object("rope_parameters").or(() -> keys.object("rope_scaling"));
    ConfigKeys rope = parameters.orElse(keys);
    double found =
        rope.numberOr(
            "partial_rotary_factor", keys.numberOr("partial_rotary_factor", share, 0, 1), 0, 1);
    RopeScaling scaling =
        RopeScaling.read(
            parameters, RopeScaling.theta(keys, RopeScaling.THETA_DEFAULT), keys, dimensions);
    return of(keys, scaling, dimensions.headSize(), found);
  }

  /** Rotates a share of each head. */
  public static Rotation of(ConfigKeys keys, RopeScaling scaling, int headSize, double share) {
    int rotated = (int) (headSize * share);
    if (rotated % 2 != 0) {
      throw keys.complaint(
          keys.has("head_dim") ? "head_dim" : "hidden_size",
          "gives heads of %d values, of which %d are rotated; rotary positions need an even number"
              .formatted(headSize, rotated));
    }
    if (scaling instanceof RopeScaling.LongShort(_, var factors, _, _)
        && 2 * factors.size() != rotated) {
      throw keys.complaint(
          "rope_scaling",
          "has a short_factor of %d numbers; %d pairs of a head are rotated"
              .formatted(factors.size(), rotated / 2));
    }
    return new Rotation(scaling, rotated);
  }

  /** The context within which these positions hold: less than all for LongRoPE. */
  public Dimensions within(Dimensions dimensions) {
    return switch (scaling) {
      case RopeScaling.LongShort longShort ->
          dimensions.withContext(Math.min(dimensions.context(), longShort.originalContext()));
      case RopeScaling.Plain _, RopeScaling.Linear _, RopeScaling.Llama3 _, RopeScaling.Yarn _ ->
          dimensions;
    };
  }

  public Rope.Frequencies frequencies() {
    return scaling.frequencies(rotated);
  }
}
