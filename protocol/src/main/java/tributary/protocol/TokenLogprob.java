package tributary.protocol;

/** A token and the natural logarithm of its probability. */
public record TokenLogprob(int token, float logprob) {}
