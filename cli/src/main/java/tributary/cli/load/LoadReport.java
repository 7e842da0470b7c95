package tributary.cli.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.protocol.plot.Axis.Scale;
import tributary.protocol.plot.LinePlot;
import tributary.protocol.plot.LinePlot.Measure;
import tributary.protocol.plot.LinePlot.Point;
import tributary.protocol.plot.LinePlot.Series;
import tributary.protocol.plot.Page;

/** A run's figures as a table of text, and as a page with plots. */
public final class LoadReport {
  private static final String PAGE = "load.html";
  private static final int POINTS_MAX = 400;

  private final LoadFigures figures;
  private final Map<String, String> settings;

  /**
   * @param settings by name, for a page that is read later
   */
  public LoadReport(LoadFigures figures, Map<String, String> settings) {
    this.figures = figures;
    this.settings = settings;
  }

  public LoadFigures figures() {
    return figures;
  }

  /** In columns of even width. */
  public String toText() {
    return counts().stream()
            .map(row -> "%-26s %s".formatted(row.getFirst(), row.getLast()))
            .collect(Collectors.joining("\n", "", "\n\n"))
        + columns(times())
        + "\n"
        + columns(tenants());
  }

  /** Writes or replaces the page; makes the directory if need be. */
  public void write(Path directory) {
    try {
      Files.createDirectories(directory);
      Files.writeString(directory.resolve(PAGE), html());
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNWRITABLE,
          "%s: the report cannot be written: %s".formatted(directory, e.getMessage()),
          e);
    }
  }

  String html() {
    var settingRows = new ArrayList<List<String>>();
    settings.forEach((name, value) -> settingRows.add(List.of(name, value)));
    Page page = new Page("Load").table(List.of("figure", "value"), counts());
    table(page.heading("Times"), times()).plots(plots());
    return table(page.heading("Tenants"), tenants())
        .heading("Settings")
        .table(List.of("setting", "value"), settingRows)
        .toHtml();
  }

  /** The first row is the headings'. */
  private static Page table(Page page, List<List<String>> rows) {
    return page.table(rows.getFirst(), rows.subList(1, rows.size()));
  }

  private List<List<String>> counts() {
    var rows = new ArrayList<List<String>>();
    rows.add(List.of("completed", Integer.toString(figures.completed())));
    rows.add(List.of("failed", Integer.toString(figures.failed())));
    figures.errors().forEach((kind, count) -> rows.add(List.of("  " + kind, count.toString())));
    rows.add(List.of("seconds", number(figures.seconds())));
    rows.add(List.of("requests/s", number(figures.requestsPerSecond())));
    rows.add(List.of("good requests/s", number(figures.goodput())));
    rows.add(List.of("output tokens/s", number(figures.outputTokensPerSecond())));
    rows.add(List.of("all tokens/s", number(figures.totalTokensPerSecond())));
    rows.add(List.of("busiest second, chunks", Integer.toString(figures.peakOutputTokens())));
    rows.add(List.of("running at once, at most", Integer.toString(figures.peakConcurrency())));
    return rows;
  }

  private List<List<String>> times() {
    var rows =
        new ArrayList<List<String>>(
            List.of(List.of("ms", "mean", "median", "std", "p90", "p95", "p99")));
    rows.add(row("time to first token", figures.ttft()));
    rows.add(row("time per output token", figures.tpot()));
    rows.add(row("between chunks", figures.itl()));
    rows.add(row("end to end", figures.e2el()));
    return rows;
  }

  private static List<String> row(String name, Spread spread) {
    var row = new ArrayList<>(List.of(name));
    spread.figures().forEach(value -> row.add(number(value)));
    return row;
  }

  private List<List<String>> tenants() {
    var rows =
        new ArrayList<List<String>>(
            List.of(
                List.of("model", "completed", "failed", "TTFT mean", "p99", "TPOT mean", "p99")));
    for (LoadFigures.OfTenant each : figures.tenants()) {
      rows.add(
          List.of(
              each.model(),
              Integer.toString(each.completed()),
              Integer.toString(each.failed()),
              number(each.ttft().mean()),
              number(each.ttft().p99()),
              number(each.tpot().mean()),
              number(each.tpot().p99())));
    }
    return rows;
  }

  private List<LinePlot> plots() {
    LoadFigures.Series series = figures.series();
    return List.of(
            cumulative("Time to first token", series.ttft()),
            cumulative("Time per output token", series.tpot()),
            cumulative("Between chunks", series.itl()),
            cumulative("End to end", series.e2el()),
            LinePlot.of(
                "Chunks in each second",
                new Measure("time, s", Scale.LINEAR),
                new Measure("chunks", Scale.LINEAR),
                List.of(new Series("all", perSecond(series.chunks())))))
        .stream()
        .flatMap(Optional::stream)
        .toList();
  }

  private static List<Point> perSecond(List<Integer> chunks) {
    var points = new ArrayList<Point>();
    for (int second = 0; second < chunks.size(); second++) {
      points.add(Point.at(second, chunks.get(second)));
    }
    return points;
  }

  private static Optional<LinePlot> cumulative(String title, List<Double> seconds) {
    List<Double> sorted = seconds.stream().sorted().toList();
    int every = Math.max(1, sorted.size() / POINTS_MAX);
    var points = new ArrayList<Point>();
    for (int i = every - 1; i < sorted.size(); i += every) {
      points.add(Point.at(1000 * sorted.get(i), (i + 1.0) / sorted.size()));
    }
    return LinePlot.of(
        title,
        new Measure("ms", Scale.LOGARITHMIC),
        new Measure("share", Scale.LINEAR),
        List.of(new Series("all", points)));
  }

  private static String columns(List<List<String>> rows) {
    int[] widths = new int[rows.getFirst().size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    var out = new StringBuilder();
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        String pad = " ".repeat(widths[i] - row.get(i).length());
        out.append(i == 0 ? row.get(i) + pad : "  " + pad + row.get(i));
      }
      out.append('\n');
    }
    return out.toString();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value < 10 ? "%.3f" : value < 1000 ? "%.1f" : "%.0f", value);
  }
}
