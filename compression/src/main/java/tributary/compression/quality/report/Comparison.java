package tributary.compression.quality.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * Codecs beside each other on several fine-tunes. The JSON names are relied on by scripts.
 *
 * @param date of the run, as in {@code 2025-01-31}
 * @param machine that measured
 * @param command that gives these figures again
 * @param limit test records of each task at most
 * @param samples calibration records
 * @param rows fine-tune by fine-tune
 */
public record Comparison(
    @JsonProperty("date") String date,
    @JsonProperty("machine") String machine,
    @JsonProperty("command") String command,
    @JsonProperty("limit") int limit,
    @JsonProperty("samples") int samples,
    @JsonProperty("means") List<CodecMean> means,
    @JsonProperty("rows") List<ComparisonRow> rows) {
  /** What was run, and where. */
  public record Circumstances(
      String date, String machine, String command, int limit, int samples) {}

  /** The comparison that these rows make. */
  public static Comparison of(Circumstances run, List<ComparisonRow> rows) {
    return new Comparison(
        run.date(),
        run.machine(),
        run.command(),
        run.limit(),
        run.samples(),
        CodecMean.of(rows),
        List.copyOf(rows));
  }
}
