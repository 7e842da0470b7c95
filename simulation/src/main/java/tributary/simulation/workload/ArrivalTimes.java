package tributary.simulation.workload;

/** Draws the moments of one process, one after the other, in seconds. */
final class ArrivalTimes {
  private final Arrivals law;
  private final Dice dice;
  private double now;
  private boolean loud;
  private double modeEnds;

  ArrivalTimes(Arrivals law, long seed) {
    this.law = law;
    this.dice = new Dice(seed, "arrivals");
  }

  double next() {
    switch (law) {
      case Arrivals.Poisson(double rate) -> now += dice.exponential() / rate;
      case Arrivals.Gamma(double rate, double burstiness) ->
          now += dice.gamma(burstiness) / (rate * burstiness);
      case Arrivals.Diurnal diurnal -> now = thinned(diurnal);
      case Arrivals.Bursts bursts -> now = modulated(bursts);
    }
    return now;
  }

  /** Draws at the highest rate and keeps as many as the rate of the moment wants. */
  private double thinned(Arrivals.Diurnal law) {
    double highest = law.rate() * (1 + law.swing());
    double at = now;
    while (true) {
      at += dice.exponential() / highest;
      double rate = law.rate() * (1 + law.swing() * Math.sin(2 * Math.PI * at / law.period()));
      if (dice.uniform() * highest < rate) {
        return at;
      }
    }
  }

  private double modulated(Arrivals.Bursts law) {
    double at = now;
    while (true) {
      if (at >= modeEnds) {
        loud = modeEnds > 0 && !loud;
        modeEnds = at + dice.exponential() * (loud ? law.loud() : law.quiet());
      }
      double candidate = at + dice.exponential() / (loud ? law.loudRate() : law.quietRate());
      if (candidate < modeEnds) {
        return candidate;
      }
      at = modeEnds; // An exponential gap has no memory: draw again in the other mode.
    }
  }
}
