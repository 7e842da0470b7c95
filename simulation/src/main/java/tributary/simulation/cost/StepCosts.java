package tributary.simulation.cost;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * What the base costs in a step, in seconds; none is negative.
 *
 * @param fixed a step
 * @param rows the step's tokens
 * @param sequence a slice, whatever its tokens
 * @param position a cached position that a slice attends to, read once for the slice
 * @param pair a token with a position that it attends to
 * @param draw a token drawn
 */
public record StepCosts(
    @JsonProperty("fixed") double fixed,
    @JsonProperty("rows") Curve rows,
    @JsonProperty("sequence") double sequence,
    @JsonProperty("position") double position,
    @JsonProperty("pair") double pair,
    @JsonProperty("draw") double draw) {
  public StepCosts {
    if (!(Math.min(Math.min(fixed, sequence), Math.min(Math.min(position, pair), draw)) >= 0)) {
      throw new IllegalArgumentException("a cost is at least 0");
    }
  }

  StepCosts times(double factor) {
    return new StepCosts(
        fixed * factor,
        rows.times(factor),
        sequence * factor,
        position * factor,
        pair * factor,
        draw * factor);
  }
}
