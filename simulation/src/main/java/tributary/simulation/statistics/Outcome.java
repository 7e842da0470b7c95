package tributary.simulation.statistics;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * What a run came to. The JSON names are relied on by scripts.
 *
 * @param counts of requests
 * @param seconds from the first arrival to the last end
 * @param firstToken from arrival to first token
 * @param endToEnd from arrival to last token
 * @param perToken after the first, mean of each request with more than one
 * @param fairness between tenants
 * @param attainment share of requests that get the objective times each factor
 * @param work of the devices
 */
public record Outcome(
    @JsonProperty("counts") Counts counts,
    @JsonProperty("seconds") double seconds,
    @JsonProperty("requests_per_second") double requestsPerSecond,
    @JsonProperty("output_tokens_per_second") double outputTokensPerSecond,
    @JsonProperty("ttft") Distribution firstToken,
    @JsonProperty("e2e") Distribution endToEnd,
    @JsonProperty("tpot") Distribution perToken,
    @JsonProperty("fairness") Fairness fairness,
    @JsonProperty("attainment") List<Attainment> attainment,
    @JsonProperty("work") Work work,
    @JsonProperty("tenants") List<TenantTotals.Total> tenants,
    @JsonProperty("timeline") List<Timeline.Sample> timeline) {
  /** The share of requests that got the objective itself. */
  public double met() {
    return attainment.stream()
        .filter(each -> each.factor() == 1)
        .findFirst()
        .orElseThrow(() -> new AssertionError("the objective itself is among its multiples"))
        .share();
  }

  /**
   * Requests by their end.
   *
   * @param refused by the scheduler: too long, or the queue full
   * @param lost with a node, and not tried again
   * @param restarted on another node after theirs died, whatever became of them
   */
  public record Counts(
      @JsonProperty("arrived") long arrived,
      @JsonProperty("finished") long finished,
      @JsonProperty("refused") long refused,
      @JsonProperty("lost") long lost,
      @JsonProperty("restarted") long restarted,
      @JsonProperty("skipped_rows") long skippedRows) {}

  /**
   * How alike tenants fare.
   *
   * @param jain index over tenants' mean seconds per output token: 1 is all alike
   * @param worstRatio the worst tenant's mean time to first token over the mean of tenants
   */
  public record Fairness(
      @JsonProperty("jain") double jain, @JsonProperty("worst_ratio") double worstRatio) {}

  /** The share of arrived requests that get {@code factor} times the objective. */
  public record Attainment(
      @JsonProperty("factor") double factor, @JsonProperty("share") double share) {}

  /**
   * What devices did.
   *
   * @param busyShare of the nodes' time in steps
   * @param stalledShare of the nodes' time in which a load kept a step from beginning
   * @param rowsPerStep mean
   * @param deltasPerStep mean of distinct deltas
   */
  public record Work(
      @JsonProperty("steps") long steps,
      @JsonProperty("busy_share") double busyShare,
      @JsonProperty("stalled_share") double stalledShare,
      @JsonProperty("rows_per_step") double rowsPerStep,
      @JsonProperty("deltas_per_step") double deltasPerStep,
      @JsonProperty("preemptions") long preemptions,
      @JsonProperty("disk_loads") long diskLoads,
      @JsonProperty("device_loads") long deviceLoads,
      @JsonProperty("evictions") long evictions) {}
}
