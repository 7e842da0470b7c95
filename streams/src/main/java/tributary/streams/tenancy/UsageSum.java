package tributary.streams.tenancy;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a key used of a model. */
public record UsageSum(
    String key,
    String model,
    long answers,
    @JsonProperty("prompt_tokens") long promptTokens,
    @JsonProperty("completion_tokens") long completionTokens) {}
