package tributary.compression.quality;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * How well a variant predicted, and how close it stayed to the fine-tune that it stands for. The
 * JSON names are relied on by scripts.
 *
 * @param divergence Kullback-Leibler divergence from the fine-tune's distribution, in nats, mean
 *     over the predicted tokens
 * @param agreement share of the predicted tokens where both find the same token likeliest
 */
public record Fidelity(
    @JsonProperty("quality") Quality quality,
    @JsonProperty("kl") double divergence,
    @JsonProperty("top1_agreement") double agreement) {}
