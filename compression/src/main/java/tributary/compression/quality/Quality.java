package tributary.compression.quality;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * How well a variant predicted. The JSON names are relied on by scripts.
 *
 * @param exactMatch share of records whose every completion token, the end token included, was the
 *     likeliest given the true tokens before it: the same as greedy decoding giving the completion;
 *     null for text, which has no records to match
 * @param perplexity over the predicted tokens
 * @param records of a task, or windows of a text
 * @param tokens that were predicted
 * @param seconds that the evaluation took
 */
public record Quality(
    @JsonProperty("exact_match") @Nullable Double exactMatch,
    @JsonProperty("perplexity") double perplexity,
    @JsonProperty("records") int records,
    @JsonProperty("tokens") long tokens,
    @JsonProperty("seconds") double seconds) {}
