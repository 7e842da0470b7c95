package tributary.scheduling;

/** What the scheduler counts for one delta. */
final class Tenant {
  private int sequences;
  private int stepSlices;
  private int stepNext = -1;

  int sequences() {
    return sequences;
  }

  void joined() {
    sequences++;
  }

  void left() {
    sequences--;
  }

  // Places in the step under construction: first counted, then handed out, then forgotten.

  void countSlice() {
    stepSlices++;
  }

  boolean hasPlaces() {
    return stepNext >= 0;
  }

  /** Reserves this delta's run of slices; returns the index behind it. */
  int reservePlaces(int first) {
    stepNext = first;
    return first + stepSlices;
  }

  int takePlace() {
    return stepNext++;
  }

  void forgetStep() {
    stepSlices = 0;
    stepNext = -1;
  }
}
