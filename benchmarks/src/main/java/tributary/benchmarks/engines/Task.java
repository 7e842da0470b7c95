package tributary.benchmarks.engines;

/**
 * One measurement of an engine, in a process of its own.
 *
 * @param model what it runs
 * @param work what is counted
 * @param warmUpSeconds runs are made and forgotten until so much time has passed
 * @param measureSeconds runs are then made and kept until so much time has passed
 * @param threads compute threads
 * @param prompt what every sequence starts from, in ASCII
 */
public record Task(
    ComparedModel model,
    Work work,
    int warmUpSeconds,
    int measureSeconds,
    int threads,
    String prompt) {

  /** Refuses counts that measure nothing. */
  public Task {
    requireAtLeast("warm-up seconds", warmUpSeconds, 0);
    requireAtLeast("measured seconds", measureSeconds, 0);
    requireAtLeast("threads", threads, 1);
  }

  private static void requireAtLeast(String name, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(name + ": " + value + ", wanted at least " + least);
    }
  }
}
