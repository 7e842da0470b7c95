package tributary.protocol;

import java.util.Map;

/**
 * How the next token is drawn from logits. Applied in this order: logit bias, penalties,
 * temperature, top-k, top-p, min-p, draw.
 *
 * @param temperature 0 is greedy; at most 2
 * @param topK keeps the k likeliest tokens; 0 keeps all
 * @param topP keeps the smallest set of likeliest tokens whose mass reaches p; in (0, 1]
 * @param minP drops tokens less likely than p times the likeliest; in [0, 1]
 * @param seed with the token's index alone decides the draw, so a sequence can be recomputed
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens of the prompt
 *     and the output; 1 is off
 * @param presencePenalty subtracted once from logits of tokens already in the output
 * @param frequencyPenalty subtracted per occurrence in the output
 * @param logitBias added to the logits of the given token ids
 * @param topLogprobs how many alternatives to report beside each token's own log-probability;
 *     {@link #NO_LOGPROBS} reports nothing
 */
public record Sampling(
    double temperature,
    int topK,
    double topP,
    double minP,
    long seed,
    double repetitionPenalty,
    double presencePenalty,
    double frequencyPenalty,
    Map<Integer, Double> logitBias,
    int topLogprobs) {
  public static final int NO_LOGPROBS = -1;
  public static final int TOP_LOGPROBS_MAX = 20;
  public static final Sampling GREEDY = new Sampling(0, 0, 1, 0, 0, 1, 0, 0, Map.of(), NO_LOGPROBS);

  public Sampling {
    within("temperature", temperature, 0, 2);
    within("top_k", topK, 0, Integer.MAX_VALUE);
    within("top_p", topP, Double.MIN_VALUE, 1);
    within("min_p", minP, 0, 1);
    within("repetition_penalty", repetitionPenalty, 0.01, 100);
    within("presence_penalty", presencePenalty, -2, 2);
    within("frequency_penalty", frequencyPenalty, -2, 2);
    logitBias.values().forEach(bias -> within("logit_bias", bias, -100, 100));
    within("top_logprobs", topLogprobs, NO_LOGPROBS, TOP_LOGPROBS_MAX);
    logitBias = Map.copyOf(logitBias);
  }

  public boolean isGreedy() {
    return temperature == 0;
  }

  public boolean reportsLogprobs() {
    return topLogprobs != NO_LOGPROBS;
  }

  private static void within(String name, double value, double min, double max) {
    if (!(value >= min && value <= max)) {
      throw TributaryException.parameter(name, value, min, max);
    }
  }
}
