package tributary.scheduling;

import tributary.protocol.Nanos;

/** Builds limits that are roomy unless a test says otherwise. */
public final class LimitsBuilder {
  private int tokensPerStep = 256;
  private int runningMax = 64;
  private int waitingMax = 1000;
  private int kvPages = 4096;
  private int pageTokens = 4;
  private int contextLength = 1024;
  private Nanos slowReaderMax = Nanos.ofMillis(30_000);

  private LimitsBuilder() {}

  public static LimitsBuilder limits() {
    return new LimitsBuilder();
  }

  /** Also lowers the running bound to what such a step can serve. */
  public LimitsBuilder tokensPerStep(int tokens) {
    tokensPerStep = tokens;
    runningMax = Math.min(runningMax, tokens);
    return this;
  }

  public LimitsBuilder runningMax(int sequences) {
    runningMax = sequences;
    return this;
  }

  public LimitsBuilder waitingMax(int sequences) {
    waitingMax = sequences;
    return this;
  }

  public LimitsBuilder kvPages(int pages) {
    kvPages = pages;
    return this;
  }

  public LimitsBuilder pageTokens(int tokens) {
    pageTokens = tokens;
    return this;
  }

  public LimitsBuilder contextLength(int tokens) {
    contextLength = tokens;
    return this;
  }

  public LimitsBuilder slowReaderMax(Nanos span) {
    slowReaderMax = span;
    return this;
  }

  public SchedulerLimits build() {
    return new SchedulerLimits(
        tokensPerStep, runningMax, waitingMax, kvPages, pageTokens, contextLength, slowReaderMax);
  }
}
