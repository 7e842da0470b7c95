package tributary.simulation.cost;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How long everything takes on one kind of node with one base.
 *
 * @param source where the figures come from, for people
 * @param step the base's share
 * @param deltas by codec
 * @param loop around the steps
 * @param disk from disk to host memory
 * @param host from host to device memory
 * @param residuals null where nothing was fitted
 */
public record CostModel(
    @JsonProperty("name") String name,
    @JsonProperty("source") String source,
    @JsonProperty("step") StepCosts step,
    @JsonProperty("deltas") Map<String, DeltaCosts> deltas,
    @JsonProperty("loop") LoopCosts loop,
    @JsonProperty("disk") LinkCost disk,
    @JsonProperty("host") LinkCost host,
    @JsonProperty("residuals") @Nullable Residuals residuals) {
  public CostModel {
    deltas = new TreeMap<>(deltas);
  }

  /** The same with other costs around the steps. */
  public CostModel with(LoopCosts other) {
    return new CostModel(name, source, step, deltas, other, disk, host, residuals);
  }

  /** Of a machine on which the server takes so many times as long; links are as they were. */
  public CostModel slowed(double factor) {
    Map<String, DeltaCosts> all = new TreeMap<>();
    deltas.forEach((codec, costs) -> all.put(codec, costs.times(factor)));
    return new CostModel(
        name, source, step.times(factor), all, loop.times(factor), disk, host, residuals);
  }

  /** Seconds that a step of the base's own rows takes, deltas aside. */
  double baseSeconds(StepWork work) {
    return step.fixed()
        + step.rows().at(work.rows)
        + step.sequence() * work.sequences
        + step.position() * work.positions
        + step.pair() * work.pairs
        + step.draw() * work.draws;
  }

  static double deltaSeconds(DeltaCosts costs, StepWork work) {
    return costs.delta() * work.deltas
        + costs.gigabytes().at(work.deltaGigabytes)
        + costs.rowGigabyte() * work.rowGigabytes;
  }
}
