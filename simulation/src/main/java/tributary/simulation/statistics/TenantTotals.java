package tributary.simulation.statistics;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What each tenant got. */
public final class TenantTotals {
  /**
   * A tenant that was asked for.
   *
   * @param requests that ended well
   * @param firstTokenSeconds mean
   * @param slowdown mean of a request's seconds per output token
   */
  public record Total(
      @JsonProperty("tenant") int tenant,
      @JsonProperty("requests") long requests,
      @JsonProperty("ttft_mean") double firstTokenSeconds,
      @JsonProperty("seconds_per_token") double slowdown) {}

  private final long[] requests;
  private final double[] firstToken;
  private final double[] slowdown;

  TenantTotals(int tenants) {
    requests = new long[tenants];
    firstToken = new double[tenants];
    slowdown = new double[tenants];
  }

  void add(int tenant, double firstTokenSeconds, double secondsPerToken) {
    requests[tenant]++;
    firstToken[tenant] += firstTokenSeconds;
    slowdown[tenant] += secondsPerToken;
  }

  /** Those with a request, the busiest first. */
  List<Total> totals() {
    List<Total> totals = new ArrayList<>();
    for (int tenant = 0; tenant < requests.length; tenant++) {
      long count = requests[tenant];
      if (count > 0) {
        totals.add(new Total(tenant, count, firstToken[tenant] / count, slowdown[tenant] / count));
      }
    }
    totals.sort(Comparator.comparingLong(Total::requests).reversed());
    return totals;
  }
}
