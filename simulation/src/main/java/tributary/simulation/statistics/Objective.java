package tributary.simulation.statistics;

import com.fasterxml.jackson.annotation.JsonProperty;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * What a request is promised.
 *
 * @param firstTokenSeconds until its first token
 * @param tokenSeconds for each further token, on average
 * @param share of requests that must be given both
 */
public record Objective(
    @JsonProperty("ttft_seconds") double firstTokenSeconds,
    @JsonProperty("tpot_seconds") double tokenSeconds,
    @JsonProperty("share") double share) {
  public Objective {
    if (!(firstTokenSeconds > 0 && tokenSeconds > 0 && share > 0 && share <= 1)) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "objective of %s s, %s s and a share of %s: all are above 0 and the share at most 1"
              .formatted(firstTokenSeconds, tokenSeconds, share));
    }
  }

  /** By how much the promise would have to be multiplied for this request to be given it. */
  double neededFactor(double firstToken, double token) {
    return Math.max(firstToken / firstTokenSeconds, token / tokenSeconds);
  }
}
