package tributary.simulation.statistics;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * How a quantity is spread, in seconds.
 *
 * @param count of values
 * @param cumulative rising values, each with the share of values up to it
 */
public record Distribution(
    @JsonProperty("count") long count,
    @JsonProperty("mean") double mean,
    @JsonProperty("p50") double p50,
    @JsonProperty("p90") double p90,
    @JsonProperty("p95") double p95,
    @JsonProperty("p99") double p99,
    @JsonProperty("max") double max,
    @JsonProperty("cumulative") List<Step> cumulative) {
  /** The share of values that are at most {@code value}. */
  public record Step(@JsonProperty("value") double value, @JsonProperty("share") double share) {}
}
