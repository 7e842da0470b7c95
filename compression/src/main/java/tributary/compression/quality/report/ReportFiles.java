package tributary.compression.quality.report;

import static tributary.compression.quality.report.Markup.escaped;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * Writes a comparison for people: {@code comparison.md} with plots beside it as SVG, and the same
 * as {@code comparison.html}, which needs no other file.
 */
public final class ReportFiles {
  private static final String TITLE = "What compressed fine-tunes keep";
  private static final String NAME = "comparison";

  private static final String LEGEND =
      """
      Bits are resident bits: what a delta takes where it is served. KL is the Kullback-Leibler
      divergence of the compressed model's next-token distribution from the fine-tune's, in nats,
      mean over completion tokens; exact match kept is the share of the fine-tune's own; perplexity
      ratios are averaged geometrically. Peak heap is the most that was in use right after a garbage
      collection while compressing.\
      """;

  private static final String STYLE =
      """
      :root{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;--paper:#fff;--rule:#d1d9e0}
      @media(prefers-color-scheme:dark){
      :root{--ink:#e6edf3;--soft:#9aa4af;--paper:#0d1117;--rule:#31373e}}
      body{margin:2rem auto;padding:0 1rem;max-width:100rem;color:var(--ink);
      background:var(--paper);font:15px/1.5 system-ui,Helvetica,Arial,sans-serif}
      p{max-width:60rem}.soft{color:var(--soft)}
      pre{overflow-x:auto;padding:.6rem;border:1px solid var(--rule);border-radius:6px}
      .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(30rem,1fr));gap:1.5rem}
      .plots svg{width:100%;height:auto}
      .wide{overflow-x:auto}
      table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px}
      th,td{padding:.25rem .6rem;border-bottom:1px solid var(--rule);text-align:right;
      white-space:nowrap}
      th:first-child,td:first-child{text-align:left}
      """;

  private ReportFiles() {}

  /** Writes or replaces the report's files in an existing directory. */
  public static void write(Comparison comparison, Path directory) {
    SequencedMap<String, String> plots = new LinkedHashMap<>();
    Plots.of(comparison.means()).forEach((name, plot) -> plots.put(name, plot.toSvg()));
    try {
      for (Map.Entry<String, String> plot : plots.entrySet()) {
        Files.writeString(directory.resolve(plot.getKey() + ".svg"), plot.getValue());
      }
      Files.writeString(directory.resolve(NAME + ".md"), markdown(comparison, plots));
      Files.writeString(directory.resolve(NAME + ".html"), html(comparison, plots));
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNWRITABLE,
          "%s: the report cannot be written: %s".formatted(directory, e.getMessage()),
          e);
    }
  }

  /** The tables alone, as Markdown. */
  public static String tables(Comparison comparison) {
    return sections(comparison).stream()
        .map(table -> "## %s%n%n%s".formatted(table.caption(), table.toMarkdown()))
        .collect(Collectors.joining("\n"));
  }

  private static String markdown(Comparison comparison, SequencedMap<String, String> plots) {
    StringBuilder out = new StringBuilder();
    out.append("# ").append(TITLE).append("\n\n");
    out.append(circumstances(comparison)).append(" Made by\n\n    ");
    out.append(comparison.command()).append("\n\n");
    out.append(LEGEND).append("\n\n");
    for (String plot : plots.keySet()) {
      out.append("![%s](%s.svg)\n".formatted(plot.replace('-', ' '), plot));
    }
    return out.append('\n').append(tables(comparison)).toString();
  }

  private static String html(Comparison comparison, SequencedMap<String, String> plots) {
    String tables =
        sections(comparison).stream().map(ReportFiles::html).collect(Collectors.joining());
    return """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>%1$s</title>
    <style>
    %2$s</style>
    </head>
    <body>
    <h1>%1$s</h1>
    <p class="soft">%3$s</p>
    <pre>%4$s</pre>
    <p>%5$s</p>
    <div class="plots">
    %6$s</div>
    %7$s</body>
    </html>
    """
        .formatted(
            TITLE,
            STYLE,
            escaped(circumstances(comparison)),
            escaped(comparison.command()),
            escaped(LEGEND),
            String.join("", plots.values()),
            tables);
  }

  private static String html(Table table) {
    StringBuilder out = new StringBuilder();
    out.append("<h2>").append(escaped(table.caption())).append("</h2>\n");
    out.append("<div class=\"wide\"><table>\n<thead>");
    out.append(cells("th", table.columns())).append("</thead>\n<tbody>\n");
    table.rows().forEach(row -> out.append(cells("td", row)).append('\n'));
    return out.append("</tbody>\n</table></div>\n").toString();
  }

  private static String cells(String element, List<String> cells) {
    return cells.stream()
        .map(cell -> "<%1$s>%2$s</%1$s>".formatted(element, escaped(cell)))
        .collect(Collectors.joining("", "<tr>", "</tr>"));
  }

  private static String circumstances(Comparison comparison) {
    return String.format(
        Locale.ROOT,
        "First %d test records of each task, %d calibration records; %s; %s.",
        comparison.limit(),
        comparison.samples(),
        comparison.date(),
        comparison.machine());
  }

  /** The means first, then one table for each fine-tune. */
  private static List<Table> sections(Comparison comparison) {
    Map<String, List<ComparisonRow>> byModel =
        comparison.rows().stream()
            .collect(
                Collectors.groupingBy(
                    ComparisonRow::model, LinkedHashMap::new, Collectors.toList()));
    return Stream.concat(
            Stream.of(Table.ofMeans(comparison.means())),
            byModel.entrySet().stream().map(e -> Table.ofRows(e.getKey(), e.getValue())))
        .toList();
  }
}
