package tributary.simulation.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.protocol.Nanos;
import tributary.simulation.report.ComparisonReport.Row;
import tributary.simulation.statistics.Objective;
import tributary.simulation.statistics.Outcome;
import tributary.simulation.statistics.RunStatistics;
import tributary.simulation.statistics.Timeline;

final class ReportTest {
  private static final Objective OBJECTIVE = new Objective(1, 0.05, 0.9);

  @TempDir Path directory;

  @Test
  void the_files_need_nothing_else_and_are_the_same_each_time() throws IOException {
    ReportFiles.write(report(), directory);
    String page = Files.readString(directory.resolve("simulation.html"));
    assertThat(page)
        .contains("<svg", "Time to first token", "Throughput against tenants", "Tiers of ours")
        .contains("prefers-color-scheme:dark")
        .contains("a &lt;b&gt;")
        .doesNotContain("<script", "src=", "@import", "href=");
    String json = Files.readString(directory.resolve("simulation.json"));
    ReportFiles.write(report(), directory);
    assertThat(Files.readString(directory.resolve("simulation.html"))).isEqualTo(page);
    assertThat(Files.readString(directory.resolve("simulation.json"))).isEqualTo(json);
    JsonNode first = new ObjectMapper().readTree(json).get("systems").get(0);
    assertThat(first.get("outcome").get("counts").get("finished").asLong()).isEqualTo(100);
    assertThat(first.get("outcome").get("ttft").get("mean").asDouble()).isEqualTo(0.505);
  }

  @Test
  void the_table_has_a_line_a_system_and_the_reasons_below() {
    ComparisonReport report = report();
    String text = new ResultTable(report.systems(), OBJECTIVE).toText();
    assertThat(text.lines()).hasSize(4);
    assertThat(text).contains("other cannot run: too <large>");
    assertThat(text.lines().limit(3).map(String::length).distinct()).hasSize(1);
  }

  @Test
  void percentiles_and_attainment_are_those_of_the_requests() {
    Outcome outcome = outcome();
    assertThat(outcome.firstToken().p50()).isBetween(0.499, 0.502);
    assertThat(outcome.firstToken().p95()).isBetween(0.949, 0.952);
    assertThat(outcome.perToken().mean()).isBetween(0.0999, 0.1001);
    // Each further token takes twice as long as promised, so all need twice the objective.
    assertThat(outcome.met()).isZero();
    assertThat(outcome.attainment())
        .filteredOn(each -> each.factor() >= 2.01)
        .allMatch(each -> each.share() == 1);
    assertThat(outcome.fairness().jain()).isBetween(0.9, 1.0);
  }

  private static ComparisonReport report() {
    var settings = new LinkedHashMap<String, String>(Map.of("trace", "a <b>"));
    Row ours = new Row("ours", "what it is", 4, 1, 1, outcome(), "");
    Row other = new Row("other", "what it is", 4, 0, 0, null, "too <large>");
    return new ComparisonReport(
        "Title", settings, OBJECTIVE, List.of("a note"), List.of(ours, other), List.of(ours));
  }

  /** A hundred requests: the i-th has its first token after i hundredths of a second. */
  private static Outcome outcome() {
    var statistics = new RunStatistics(4, OBJECTIVE);
    for (int i = 1; i <= 100; i++) {
      statistics.arrived();
      Nanos arrival = Nanos.ofMillis(1000L * i);
      Nanos first = arrival.plus(Nanos.ofMillis(10L * i));
      statistics.finished(
          new RunStatistics.Finished(i % 4, arrival, first, first.plus(Nanos.ofMillis(1000)), 11));
    }
    statistics.timeline().add(Nanos.ZERO, new Timeline.Sample(0, 1, 2, 3, 4, 1, 0));
    statistics.timeline().add(Nanos.ofMillis(500), new Timeline.Sample(0.5, 0, 2, 3, 4, 0, 9));
    return statistics.outcome(0, new Outcome.Work(10, 0.5, 0, 3, 2, 0, 4, 4, 0));
  }
}
