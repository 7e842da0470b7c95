package tributary.compression.quality.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A table of texts.
 *
 * @param caption what a row is
 * @param rows as many cells each as there are columns
 */
record Table(String caption, List<String> columns, List<List<String>> rows) {
  /** One column: its heading, and how its cell is made. */
  private record Column<T>(String heading, Function<T, String> cell) {}

  static Table ofMeans(List<CodecMean> means) {
    return of(
        "Means over the fine-tunes",
        means,
        List.of(
            new Column<>("codec", CodecMean::codec),
            new Column<>("bits/linear weight", m -> number("%.3f", m.bitsPerLinearWeight())),
            new Column<>("bits/weight", m -> number("%.3f", m.bitsPerWeight())),
            new Column<>("file bits/weight", m -> number("%.3f", m.fileBitsPerWeight())),
            new Column<>("file, bytes", m -> number("%,.0f", m.fileBytes())),
            new Column<>("resident, bytes", m -> number("%,.0f", m.residentBytes())),
            new Column<>("KL", m -> divergence(m.divergence())),
            new Column<>("top-1 agreement", m -> percent(m.agreement())),
            new Column<>("exact match kept", m -> percent(m.exactMatchShare())),
            new Column<>("worst", m -> percent(m.exactMatchShareMin())),
            new Column<>("perplexity ratio", m -> number("%.4f", m.perplexityRatio())),
            new Column<>("worst", m -> number("%.4f", m.perplexityRatioMax())),
            new Column<>("seconds", m -> number("%.1f", m.seconds())),
            new Column<>("peak heap, MB", m -> megabytes(m.peakHeapBytesMax()))));
  }

  static Table ofRows(String model, List<ComparisonRow> rows) {
    return of(
        model,
        rows,
        List.of(
            new Column<>("codec", ComparisonRow::codec),
            new Column<>("bits/linear weight", r -> number("%.3f", r.size().bitsPerLinearWeight())),
            new Column<>("bits/weight", r -> number("%.3f", r.size().bitsPerWeight())),
            new Column<>("file, bytes", r -> number("%,d", r.size().fileBytes())),
            new Column<>("resident, bytes", r -> number("%,d", r.size().residentBytes())),
            new Column<>("KL", r -> divergence(r.kept().divergence())),
            new Column<>("top-1 agreement", r -> percent(r.kept().agreement())),
            new Column<>("exact match", r -> percent(r.kept().exactMatch())),
            new Column<>("kept", r -> percent(r.kept().exactMatchShare())),
            new Column<>("perplexity", r -> number("%.4f", r.kept().perplexity())),
            new Column<>("ratio", r -> number("%.4f", r.kept().perplexityRatio())),
            new Column<>("seconds", r -> number("%.1f", r.effort().seconds())),
            new Column<>("peak heap, MB", r -> megabytes((double) r.effort().peakHeapBytes()))));
  }

  private static <T> Table of(String caption, List<T> items, List<Column<T>> columns) {
    List<List<String>> rows = new ArrayList<>();
    for (T item : items) {
      rows.add(columns.stream().map(column -> column.cell.apply(item)).toList());
    }
    return new Table(caption, columns.stream().map(Column::heading).toList(), rows);
  }

  /** As Markdown; the first column is code, numbers are aligned to the right. */
  String toMarkdown() {
    StringBuilder out = new StringBuilder();
    out.append("| ").append(String.join(" | ", columns)).append(" |\n");
    out.append("|---").append("|--:".repeat(columns.size() - 1)).append("|\n");
    for (List<String> row : rows) {
      out.append("| `").append(row.getFirst()).append("` | ");
      out.append(String.join(" | ", row.subList(1, row.size()))).append(" |\n");
    }
    return out.toString();
  }

  private static String number(String format, Object value) {
    return String.format(Locale.ROOT, format, value);
  }

  private static String divergence(double value) {
    return value < 1e-12 ? "0" : number("%.5f", value);
  }

  private static String percent(@Nullable Double share) {
    return share == null ? "" : number("%.1f%%", 100 * share);
  }

  private static String megabytes(double bytes) {
    return number("%,.0f", bytes / 1e6);
  }
}
