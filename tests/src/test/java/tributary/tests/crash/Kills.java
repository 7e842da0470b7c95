package tributary.tests.crash;

import java.io.IOException;

/** Something that is killed again and again, and looked at after each kill. */
interface Kills {
  /** What the kills have met. */
  final class Met {
    int kills;

    /** Kills that came while something was asked for and not acknowledged. */
    int underWay;

    /** Kills that left something half done under a name of its own. */
    int leftOver;

    /** Things that were acknowledged, and were there after each kill since. */
    int acknowledged;

    @Override
    public String toString() {
      return "%d kills, %d of them inside an operation, %d left something to clean; %d acknowledged"
          .formatted(kills, underWay, leftOver, acknowledged);
    }
  }

  /** Fails when the last kill left what it should not; then starts a process and kills it. */
  void kill(Met met) throws IOException, InterruptedException;

  /** Fails when the last kill left what it should not. */
  void finish() throws IOException, InterruptedException;
}
