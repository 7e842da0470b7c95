package tributary.cli.gateway;

import java.util.concurrent.atomic.AtomicLongArray;

/** When each token of the streams' current answers left the device; one writer, one reader. */
public final class EmissionTimes {
  private final AtomicLongArray nanos;
  private final int tokensMax;

  /**
   * @param tokensMax of one answer
   */
  public EmissionTimes(int streams, int tokensMax) {
    this.nanos = new AtomicLongArray(Math.multiplyExact(streams, tokensMax));
    this.tokensMax = tokensMax;
  }

  void note(int stream, int token, long now) {
    nanos.setOpaque(stream * tokensMax + token, now);
  }

  long of(int stream, int token) {
    return nanos.getOpaque(stream * tokensMax + token);
  }
}
