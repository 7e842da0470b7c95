package tributary.simulation.cost;

import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Prices steps whose deltas are all of one codec. */
public final class StepPrice {
  private final CostModel costs;
  private final DeltaCosts deltas;

  /** The codec must be one of the cost model's. */
  public StepPrice(CostModel costs, String codec) {
    this.costs = costs;
    DeltaCosts found = costs.deltas().get(codec);
    if (found == null) {
      throw new TributaryException(
          ErrorCode.COST_MODEL,
          "cost model '%s' does not know codec %s, only %s; calibrate with it"
              .formatted(costs.name(), codec, costs.deltas().keySet()));
    }
    this.deltas = found;
  }

  /** Seconds of the whole step. */
  public double seconds(StepWork work) {
    return costs.baseSeconds(work) + CostModel.deltaSeconds(deltas, work);
  }

  /** Seconds of the same step without deltas. */
  public double baseSeconds(StepWork work) {
    return costs.baseSeconds(work);
  }
}
