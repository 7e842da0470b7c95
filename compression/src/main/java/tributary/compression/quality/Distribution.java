package tributary.compression.quality;

import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** What a model says of one next token: a softmax over its vocabulary, in natural logarithms. */
final class Distribution {
  private final float[] logits;
  private final int likeliest;
  private final double logNormalizer;

  /** The distribution of these logits, which must not change as long as this is used. */
  Distribution(float[] logits) {
    this.logits = logits;
    this.likeliest = likeliest(logits);
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - logits[likeliest]);
    }
    this.logNormalizer = logits[likeliest] + Math.log(sum);
  }

  /** The likeliest token, the first one of several. */
  int likeliest() {
    return likeliest;
  }

  double logProbability(int token) {
    if (token >= logits.length) {
      throw new TributaryException(
          ErrorCode.TOKENIZER,
          "the tokenizer gives token %d, the model has 0 to %d; they do not belong together"
              .formatted(token, logits.length - 1));
    }
    return logits[token] - logNormalizer;
  }

  /** This distribution as the one that others are compared with. */
  Reference reference() {
    float[] probabilities = new float[logits.length];
    for (int id = 0; id < logits.length; id++) {
      probabilities[id] = (float) Math.exp(logits[id] - logNormalizer);
    }
    return new Reference(likeliest, probabilities, meanLogProbability(probabilities));
  }

  private double meanLogProbability(float[] probabilities) {
    double mean = 0;
    for (int id = 0; id < logits.length; id++) {
      mean += probabilities[id] * (logits[id] - logNormalizer);
    }
    return mean;
  }

  /** A distribution that others are compared with; it owns its memory. */
  @SuppressWarnings("ArrayRecordComponent") // One of many rows of a step; never compared.
  record Reference(int likeliest, float[] probabilities, double meanLogProbability) {
    /** The Kullback-Leibler divergence of {@code other} from this: zero only for equal ones. */
    double divergence(Distribution other) {
      if (other.logits.length != probabilities.length) {
        throw new TributaryException(
            ErrorCode.INCOMPATIBLE_MODELS,
            "a variant has %d tokens, what it is compared with has %d; compare variants of one"
                    .formatted(other.logits.length, probabilities.length)
                + " fine-tune");
      }
      return meanLogProbability - other.meanLogProbability(probabilities);
    }
  }

  private static int likeliest(float[] logits) {
    int best = 0;
    for (int id = 1; id < logits.length; id++) {
      best = logits[id] > logits[best] ? id : best;
    }
    return best;
  }
}
