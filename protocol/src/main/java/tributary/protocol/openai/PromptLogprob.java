package tributary.protocol.openai;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * How likely a token was at a place of a prompt; vLLM lists these by token id, place by place.
 *
 * @param rank how many tokens were at least as likely, itself among them
 * @param text of the token
 */
public record PromptLogprob(float logprob, int rank, @JsonProperty("decoded_token") String text) {}
