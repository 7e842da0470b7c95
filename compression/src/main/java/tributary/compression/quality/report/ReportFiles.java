package tributary.compression.quality.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.protocol.plot.LinePlot;
import tributary.protocol.plot.Page;

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

  private ReportFiles() {}

  /** Writes or replaces the report's files in an existing directory. */
  public static void write(Comparison comparison, Path directory) {
    SequencedMap<String, LinePlot> plots = Plots.of(comparison.means());
    try {
      for (Map.Entry<String, LinePlot> plot : plots.entrySet()) {
        Files.writeString(directory.resolve(plot.getKey() + ".svg"), plot.getValue().toSvg());
      }
      Files.writeString(directory.resolve(NAME + ".md"), markdown(comparison, plots.keySet()));
      Files.writeString(
          directory.resolve(NAME + ".html"), html(comparison, List.copyOf(plots.values())));
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

  private static String markdown(Comparison comparison, Set<String> plots) {
    StringBuilder out = new StringBuilder();
    out.append("# ").append(TITLE).append("\n\n");
    out.append(circumstances(comparison)).append(" Made by\n\n    ");
    out.append(comparison.command()).append("\n\n");
    out.append(LEGEND).append("\n\n");
    for (String plot : plots) {
      out.append("![%s](%s.svg)\n".formatted(plot.replace('-', ' '), plot));
    }
    return out.append('\n').append(tables(comparison)).toString();
  }

  private static String html(Comparison comparison, List<LinePlot> plots) {
    Page page =
        new Page(TITLE)
            .remark(circumstances(comparison))
            .verbatim(comparison.command())
            .paragraph(LEGEND)
            .plots(plots);
    for (Table table : sections(comparison)) {
      page.heading(table.caption()).table(table.columns(), table.rows());
    }
    return page.toHtml();
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
