package tributary.benchmarks.engines;

/**
 * One measurement: greedy decoding of a batch of equal sequences, the end token ignored.
 *
 * @param model what decodes
 * @param batch sequences decoded at the same time
 * @param tokens tokens a sequence decodes in one run, after the one that the prompt yields
 * @param warmUpSeconds runs are made and forgotten until so much time has passed
 * @param measureSeconds runs are then made and kept until so much time has passed
 * @param threads compute threads
 * @param prompt what every sequence starts from
 */
public record DecodeTask(
    ComparedModel model,
    int batch,
    int tokens,
    int warmUpSeconds,
    int measureSeconds,
    int threads,
    String prompt) {

  /** Refuses counts that measure nothing. */
  public DecodeTask {
    requireAtLeast("batch", batch, 1);
    requireAtLeast("tokens", tokens, 1);
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
