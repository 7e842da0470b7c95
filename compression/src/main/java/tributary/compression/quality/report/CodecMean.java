package tributary.compression.quality.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * One codec over all fine-tunes: means, of ratios the geometric one, and the worst where that tells
 * more. The JSON names are relied on by scripts.
 *
 * @param models how many fine-tunes
 * @param exactMatchShare mean over those fine-tunes that have one
 */
public record CodecMean(
    @JsonProperty("codec") String codec,
    @JsonProperty("models") int models,
    @JsonProperty("file_bytes") double fileBytes,
    @JsonProperty("resident_bytes") double residentBytes,
    @JsonProperty("bits_per_linear_weight") double bitsPerLinearWeight,
    @JsonProperty("bits_per_weight") double bitsPerWeight,
    @JsonProperty("file_bits_per_weight") double fileBitsPerWeight,
    @JsonProperty("exact_match_share") @Nullable Double exactMatchShare,
    @JsonProperty("exact_match_share_min") @Nullable Double exactMatchShareMin,
    @JsonProperty("perplexity_ratio") double perplexityRatio,
    @JsonProperty("perplexity_ratio_max") double perplexityRatioMax,
    @JsonProperty("kl") double divergence,
    @JsonProperty("top1_agreement") double agreement,
    @JsonProperty("seconds") double seconds,
    @JsonProperty("peak_heap_bytes_max") double peakHeapBytesMax) {
  /** A mean for each codec, in the order in which they first appear. */
  static List<CodecMean> of(List<ComparisonRow> rows) {
    Map<String, List<ComparisonRow>> byCodec = new LinkedHashMap<>();
    for (ComparisonRow row : rows) {
      byCodec.computeIfAbsent(row.codec(), _ -> new ArrayList<>()).add(row);
    }
    return byCodec.entrySet().stream().map(e -> of(e.getKey(), e.getValue())).toList();
  }

  private static CodecMean of(String codec, List<ComparisonRow> rows) {
    List<Double> shares =
        rows.stream().map(row -> row.kept().exactMatchShare()).filter(Objects::nonNull).toList();
    return new CodecMean(
        codec,
        rows.size(),
        mean(rows, row -> row.size().fileBytes()),
        mean(rows, row -> row.size().residentBytes()),
        mean(rows, row -> row.size().bitsPerLinearWeight()),
        mean(rows, row -> row.size().bitsPerWeight()),
        mean(rows, row -> row.size().fileBitsPerWeight()),
        shares.isEmpty() ? null : mean(shares, share -> share),
        shares.stream().min(Double::compare).orElse(null),
        Math.exp(mean(rows, row -> Math.log(row.kept().perplexityRatio()))),
        max(rows, row -> row.kept().perplexityRatio()),
        mean(rows, row -> row.kept().divergence()),
        mean(rows, row -> row.kept().agreement()),
        mean(rows, row -> row.effort().seconds()),
        max(rows, row -> row.effort().peakHeapBytes()));
  }

  private static <T> double mean(List<T> values, ToDoubleFunction<T> value) {
    return values.stream().mapToDouble(value).average().orElseThrow();
  }

  private static double max(List<ComparisonRow> rows, ToDoubleFunction<ComparisonRow> value) {
    return rows.stream().mapToDouble(value).max().orElseThrow();
  }
}
