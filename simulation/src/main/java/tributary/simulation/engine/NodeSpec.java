package tributary.simulation.engine;

import tributary.scheduling.SchedulerLimits;
import tributary.scheduling.SchedulerRules;
import tributary.simulation.cost.CostModel;

/**
 * What one node is.
 *
 * @param codec of all tenants, as the cost model names it
 * @param gpus of a node, which share every matrix
 */
public record NodeSpec(
    SchedulerLimits limits,
    SchedulerRules rules,
    TierSettings tiers,
    CostModel costs,
    String codec,
    Sharing sharing,
    int gpus) {}
