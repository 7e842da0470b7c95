package tributary.simulation.cost;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * How far the formula is from what was measured.
 *
 * @param samples steps that were measured
 * @param meanError mean of |predicted - measured| / measured
 * @param p95Error of the same
 * @param bias mean of (predicted - measured) / measured
 */
public record Residuals(
    @JsonProperty("samples") int samples,
    @JsonProperty("mean_error") double meanError,
    @JsonProperty("p95_error") double p95Error,
    @JsonProperty("bias") double bias) {}
