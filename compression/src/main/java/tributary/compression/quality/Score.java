package tributary.compression.quality;

/**
 * The outcome for one sequence under one subject, in natural logarithms.
 *
 * @param tokens that were predicted
 * @param exact true when each of them was the likeliest
 * @param divergence sum over the tokens of the Kullback-Leibler divergence from the reference; zero
 *     for the reference itself
 * @param agreements tokens where this subject's likeliest is the reference's
 */
record Score(double logLikelihood, int tokens, boolean exact, double divergence, int agreements) {}
