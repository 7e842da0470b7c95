package tributary.simulation.cost;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * What a server does around its steps, in seconds; none is negative.
 *
 * @param afterStep from the end of a step until the next is planned
 * @param perDraw more of it for each token that the step drew, which readers are told
 * @param toDevice from a request's arrival until the device hears of it, weights aside
 * @param toReader from the end of a step until a reader has its token
 */
public record LoopCosts(
    @JsonProperty("after_step") double afterStep,
    @JsonProperty("per_draw") double perDraw,
    @JsonProperty("to_device") double toDevice,
    @JsonProperty("to_reader") double toReader) {
  /** Where it is counted with the steps, or not at all. */
  public static final LoopCosts NONE = new LoopCosts(0, 0, 0, 0);

  public LoopCosts {
    if (!(Math.min(Math.min(afterStep, perDraw), Math.min(toDevice, toReader)) >= 0)) {
      throw new IllegalArgumentException("a cost is at least 0");
    }
  }

  LoopCosts times(double factor) {
    return new LoopCosts(
        afterStep * factor, perDraw * factor, toDevice * factor, toReader * factor);
  }
}
