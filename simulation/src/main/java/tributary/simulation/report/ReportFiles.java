package tributary.simulation.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.protocol.plot.Page;

/** Writes a report as {@code simulation.json} and as {@code simulation.html}. */
public final class ReportFiles {
  private static final String NAME = "simulation";
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private static final String LEGEND =
      """
      Time to first token (TTFT) and end to end (E2E) count from a request's arrival; time per token
      (TPOT) is a request's mean after the first. Fairness is Jain's index over tenants' seconds per
      output token: 1 is all alike. Busy is the nodes' time in steps; stalled is time in which a load
      keeps steps from beginning. A request within the objective gets both its first token and its
      further ones in time; one that is not served counts against it. Not served are requests whose
      prompts are longer than the base's context, and those that a full queue turned away.\
      """;

  private ReportFiles() {}

  /** Writes or replaces the report's files; makes the directory if need be. */
  public static void write(ComparisonReport report, Path directory) {
    try {
      Files.createDirectories(directory);
      Files.writeString(directory.resolve(NAME + ".json"), json(report));
      Files.writeString(directory.resolve(NAME + ".html"), html(report));
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNWRITABLE,
          "%s: the report cannot be written: %s".formatted(directory, e.getMessage()),
          e);
    }
  }

  static String json(ComparisonReport report) throws JsonProcessingException {
    return MAPPER.writeValueAsString(report) + "\n";
  }

  static String html(ComparisonReport report) {
    List<List<String>> systems = new ResultTable(report.systems(), report.objective()).cells();
    List<List<String>> settings = new ArrayList<>();
    report.settings().forEach((name, value) -> settings.add(List.of(name, value)));
    return new Page(report.title())
        .list(report.notes())
        .heading("Systems")
        .table(systems.getFirst(), systems.subList(1, systems.size()))
        .list(report.systems().stream().map(ReportFiles::described).toList())
        .remark(LEGEND)
        .plots(Charts.of(report))
        .heading("Setting")
        .table(List.of("what", "value"), settings)
        .toHtml();
  }

  private static String described(ComparisonReport.Row row) {
    String fault = row.outcome() == null ? ". Cannot run: " + row.reason() : "";
    return row.system() + ": " + row.summary() + fault;
  }
}
