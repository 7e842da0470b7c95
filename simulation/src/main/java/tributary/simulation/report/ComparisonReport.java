package tributary.simulation.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import tributary.simulation.statistics.Objective;
import tributary.simulation.statistics.Outcome;
import tributary.simulation.systems.Comparison;

/**
 * Systems beside each other over one stream of requests. The JSON names are relied on by scripts.
 *
 * @param title of the page
 * @param settings what was simulated, as names and values for people
 * @param notes sentences that a reader must know
 * @param systems over all requests
 * @param byTenants the systems again, over the first requests only and for other numbers of tenants
 */
public record ComparisonReport(
    @JsonProperty("title") String title,
    @JsonProperty("settings") SequencedMap<String, String> settings,
    @JsonProperty("objective") Objective objective,
    @JsonProperty("notes") List<String> notes,
    @JsonProperty("systems") List<Row> systems,
    @JsonProperty("by_tenants") List<Row> byTenants) {
  /**
   * One system.
   *
   * @param outcome null when it cannot run
   * @param reason why it cannot, or nothing
   */
  public record Row(
      @JsonProperty("system") String system,
      @JsonProperty("summary") String summary,
      @JsonProperty("tenants") int tenants,
      @JsonProperty("nodes") int nodes,
      @JsonProperty("gpus") int gpus,
      @JsonProperty("outcome") @Nullable Outcome outcome,
      @JsonProperty("reason") String reason) {
    public static Row of(Comparison.Result result) {
      return new Row(
          result.system().label(),
          result.system().summary(),
          result.tenants(),
          result.nodes(),
          result.gpus(),
          result.outcome().orElse(null),
          result.reason());
    }
  }
}
