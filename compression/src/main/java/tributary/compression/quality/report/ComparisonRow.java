package tributary.compression.quality.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * What one codec keeps of one fine-tune. The JSON names are relied on by scripts.
 *
 * @param codec as it was asked for; {@value #UNCOMPRESSED} for the fine-tune as it is
 */
public record ComparisonRow(
    @JsonProperty("model") String model,
    @JsonProperty("codec") String codec,
    @JsonProperty("size") Size size,
    @JsonProperty("kept") Kept kept,
    @JsonProperty("effort") Effort effort) {
  public static final String UNCOMPRESSED = "none";

  /**
   * What the whole difference takes. What cannot be served, an archive, counts as resident with
   * what it takes in the file.
   *
   * @param originalBytes of the fine-tune's tensors
   * @param bitsPerLinearWeight resident, of the layers' matrices
   * @param bitsPerWeight resident, of everything per weight of the fine-tune
   * @param fileBitsPerWeight of the file per weight of the fine-tune
   */
  public record Size(
      @JsonProperty("file_bytes") long fileBytes,
      @JsonProperty("resident_bytes") long residentBytes,
      @JsonProperty("original_bytes") long originalBytes,
      @JsonProperty("bits_per_linear_weight") double bitsPerLinearWeight,
      @JsonProperty("bits_per_weight") double bitsPerWeight,
      @JsonProperty("file_bits_per_weight") double fileBitsPerWeight) {}

  /**
   * What is kept, on the task's test records.
   *
   * @param exactMatch null on text
   * @param exactMatchShare of the fine-tune's own exact match; null where that is too rare to say
   *     anything
   * @param perplexityRatio to the fine-tune's own
   * @param divergence Kullback-Leibler, from the fine-tune, nats per completion token
   * @param agreement share of completion tokens with the fine-tune's likeliest token
   */
  public record Kept(
      @JsonProperty("exact_match") @Nullable Double exactMatch,
      @JsonProperty("exact_match_share") @Nullable Double exactMatchShare,
      @JsonProperty("perplexity") double perplexity,
      @JsonProperty("perplexity_ratio") double perplexityRatio,
      @JsonProperty("kl") double divergence,
      @JsonProperty("top1_agreement") double agreement,
      @JsonProperty("records") int records,
      @JsonProperty("tokens") long tokens) {}

  /**
   * What compression took.
   *
   * @param peakHeapBytes the most that was in use right after a garbage collection, or at the end
   */
  public record Effort(
      @JsonProperty("seconds") double seconds,
      @JsonProperty("peak_heap_bytes") long peakHeapBytes) {}
}
