package tributary.simulation.validation;

import java.util.List;
import tributary.simulation.cost.CostModel;

/**
 * What a server costs, and how fast its machine was while that was measured.
 *
 * @param mean costs at the mean pace
 * @param paces of the rounds in their order: how many times as long a round's steps took; 1 on
 *     average
 */
public record PacedCosts(CostModel mean, List<Double> paces) {
  public PacedCosts {
    paces = List.copyOf(paces);
  }

  /** The costs of what ran between a round and the next. */
  public CostModel after(int round) {
    return mean.slowed((paces.get(round) + paces.get(round + 1)) / 2);
  }
}
