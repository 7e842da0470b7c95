package tributary.simulation.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import tributary.simulation.report.ComparisonReport.Row;
import tributary.simulation.statistics.Objective;
import tributary.simulation.statistics.Outcome;

/** The figures that matter most, a system a line. */
public final class ResultTable {
  private record Column(String heading, Function<Outcome, String> cell) {}

  private final List<Column> columns;
  private final List<Row> rows;

  public ResultTable(List<Row> rows, Objective objective) {
    this.rows = List.copyOf(rows);
    this.columns = columns(objective);
  }

  private static List<Column> columns(Objective objective) {
    return List.of(
        new Column("finished", o -> String.format(Locale.ROOT, "%,d", o.counts().finished())),
        new Column(
            "not served",
            o -> String.format(Locale.ROOT, "%,d", o.counts().refused() + o.counts().lost())),
        new Column("req/s", o -> String.format(Locale.ROOT, "%.3f", o.requestsPerSecond())),
        new Column("tokens/s", o -> String.format(Locale.ROOT, "%,.0f", o.outputTokensPerSecond())),
        new Column("TTFT mean", o -> seconds(o.firstToken().mean())),
        new Column("p95", o -> seconds(o.firstToken().p95())),
        new Column("E2E mean", o -> seconds(o.endToEnd().mean())),
        new Column("p95", o -> seconds(o.endToEnd().p95())),
        new Column("TPOT mean", o -> seconds(o.perToken().mean())),
        new Column(
            String.format(
                Locale.ROOT,
                "%s + %s/token",
                seconds(objective.firstTokenSeconds()),
                seconds(objective.tokenSeconds())),
            o -> String.format(Locale.ROOT, "%.1f%%", 100 * o.met())),
        new Column("fairness", o -> String.format(Locale.ROOT, "%.3f", o.fairness().jain())),
        new Column("busy", o -> String.format(Locale.ROOT, "%.0f%%", 100 * o.work().busyShare())),
        new Column(
            "stalled", o -> String.format(Locale.ROOT, "%.0f%%", 100 * o.work().stalledShare())),
        new Column("loads", o -> String.format(Locale.ROOT, "%,d", o.work().deviceLoads())));
  }

  /** Headings, then a line a row. */
  List<List<String>> cells() {
    List<List<String>> cells = new ArrayList<>();
    List<String> headings = new ArrayList<>(List.of("system", "GPUs"));
    columns.forEach(column -> headings.add(column.heading));
    cells.add(headings);
    for (Row row : rows) {
      Outcome outcome = row.outcome();
      List<String> line = new ArrayList<>(List.of(row.system()));
      if (outcome == null) {
        line.add("cannot run");
        columns.forEach(_ -> line.add(""));
      } else {
        line.add(Integer.toString(row.gpus()));
        columns.forEach(column -> line.add(column.cell.apply(outcome)));
      }
      cells.add(line);
    }
    return cells;
  }

  /** In columns of even width, with the reasons of those that cannot run below. */
  public String toText() {
    List<List<String>> cells = cells();
    int[] widths = new int[cells.getFirst().size()];
    for (List<String> line : cells) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    var out = new StringBuilder();
    for (List<String> line : cells) {
      for (int i = 0; i < widths.length; i++) {
        String pad = " ".repeat(widths[i] - line.get(i).length());
        out.append(i == 0 ? line.get(i) + pad : "  " + pad + line.get(i));
      }
      out.append('\n');
    }
    rows.stream()
        .filter(row -> row.outcome() == null)
        .forEach(row -> out.append(row.system() + " cannot run: " + row.reason() + '\n'));
    return out.toString();
  }

  /** With as many digits as matter. */
  private static String seconds(double seconds) {
    if (seconds < 1) {
      return String.format(Locale.ROOT, "%.3g ms", 1000 * seconds).replaceAll("\\.0+ ", " ");
    }
    return String.format(Locale.ROOT, seconds < 100 ? "%.2f s" : "%,.0f s", seconds);
  }
}
