package tributary.simulation.workload;

/** Draws lengths by a law. */
final class Lengths {
  private final LengthLaw law;
  private final Dice dice;

  Lengths(LengthLaw law, long seed, String purpose) {
    this.law = law;
    this.dice = new Dice(seed, purpose);
  }

  int next() {
    double drawn =
        switch (law) {
          case LengthLaw.Constant(int tokens) -> tokens;
          case LengthLaw.Uniform(int min, int max) ->
              min + Math.floor(dice.uniform() * (max - min + 1.0));
          case LengthLaw.Geometric(double mean) ->
              mean == 1 ? 1 : 1 + Math.floor(dice.exponential() / -Math.log1p(-1 / mean));
          case LengthLaw.LogNormal(double median, double sigma) ->
              Math.rint(median * Math.exp(sigma * dice.gaussian()));
        };
    return (int) Math.clamp(drawn, 1, LengthLaw.LENGTH_MAX);
  }
}
