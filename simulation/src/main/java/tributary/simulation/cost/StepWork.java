package tributary.simulation.cost;

/** What a step does, counted as the cost model wants it. */
public final class StepWork {
  double rows;
  double sequences;
  double positions;
  double pairs;
  double draws;
  double deltas;
  double deltaGigabytes;
  double rowGigabytes;

  public void clear() {
    rows = 0;
    sequences = 0;
    positions = 0;
    pairs = 0;
    draws = 0;
    deltas = 0;
    deltaGigabytes = 0;
    rowGigabytes = 0;
  }

  /**
   * Adds a slice.
   *
   * @param first position of its tokens
   * @param count of its tokens
   */
  public void slice(int first, int count, boolean draws) {
    rows += count;
    sequences++;
    positions += first + count;
    pairs += count * (first + (count + 1) / 2.0);
    if (draws) {
      this.draws++;
    }
  }

  /** Adds a distinct delta and the rows that use it. */
  public void delta(double gigabytes, int rows) {
    deltas++;
    deltaGigabytes += gigabytes;
    rowGigabytes += gigabytes * rows;
  }

  public double rows() {
    return rows;
  }
}
