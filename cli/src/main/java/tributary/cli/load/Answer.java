package tributary.cli.load;

import java.util.List;

/** What became of one request. Moments count from the first request of the run. */
sealed interface Answer {
  int tenant();

  /** When it was sent. */
  double sentSeconds();

  /** When nothing more could come. */
  double endSeconds();

  /**
   * It was answered to the end.
   *
   * @param chunkSeconds when each chunk with choices came; at least one
   */
  record Finished(
      int tenant,
      double sentSeconds,
      double endSeconds,
      List<Double> chunkSeconds,
      int promptTokens,
      int outputTokens)
      implements Answer {
    public Finished {
      chunkSeconds = List.copyOf(chunkSeconds);
    }

    /** Time to the first token: the first chunk with choices. */
    double firstToken() {
      return chunkSeconds.getFirst() - sentSeconds;
    }

    /** End to end: the last chunk with choices. */
    double endToEnd() {
      return chunkSeconds.getLast() - sentSeconds;
    }

    /** Mean time of a token after the first; 0 where there is none. */
    double perToken() {
      return outputTokens <= 1 ? 0 : (endToEnd() - firstToken()) / (outputTokens - 1);
    }
  }

  /**
   * It was refused, or its answer broke off.
   *
   * @param kind of failure: few different ones, to be counted
   */
  record Failed(int tenant, double sentSeconds, double endSeconds, String kind) implements Answer {}
}
