package tributary.compression.quality;

import tributary.compression.quality.Distribution.Reference;

/** One sequence's score while its rows arrive. */
final class Tally {
  private double logLikelihood;
  private double divergence;
  private int tokens;
  private int exact;
  private int disagreements;

  /** Takes what was said before {@code token} came. */
  void add(Distribution found, int token) {
    logLikelihood += found.logProbability(token);
    exact += found.likeliest() == token ? 1 : 0;
    tokens++;
  }

  /** Takes what was said at a row where the reference said otherwise, or the same. */
  void compare(Reference reference, Distribution found) {
    divergence += reference.divergence(found);
    disagreements += found.likeliest() == reference.likeliest() ? 0 : 1;
  }

  Score score() {
    return new Score(logLikelihood, tokens, exact == tokens, divergence, tokens - disagreements);
  }
}
