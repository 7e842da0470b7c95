package tributary.actors;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.model.ForwardPass;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.StepBatch.LogitRows;
import tributary.scheduling.SchedulerLimits;

/**
 * Steps of a base that nobody asked for, so that the first request finds code that is compiled and
 * weights that are in memory. What they leave in the KV pages is overwritten before it is read, as
 * with any sequence that was there before.
 */
final class WarmUp {
  private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);

  /** Sequences of a step, and tokens of their prompts; fewer where there is no room. */
  private static final int SEQUENCES_MAX = 8;

  private static final int PROMPT_MAX = 31;

  private final ForwardPass pass;
  private final int sequences;
  private final int promptTokens;
  private final int pagesEach;

  private WarmUp(ForwardPass pass, SchedulerLimits limits) {
    this.pass = pass;
    int wanted = Math.min(SEQUENCES_MAX, limits.runningMax());
    int room = Math.min(limits.tokensPerStep() / wanted, limits.contextLength() - 1);
    this.promptTokens = Math.min(PROMPT_MAX, room);
    this.pagesEach = Math.ceilDiv(promptTokens + 1, limits.pageTokens());
    this.sequences = Math.min(wanted, limits.kvPages() / pagesEach);
  }

  /**
   * Runs steps for so long, and the last of them to its end; none if that is zero, or if there are
   * too few KV pages for a short sequence.
   */
  static void run(ForwardPass pass, SchedulerLimits limits, Duration time) {
    if (time.isZero()) {
      return;
    }
    var warmUp = new WarmUp(pass, limits);
    if (warmUp.sequences == 0) {
      return;
    }
    long began = System.nanoTime();
    long first = warmUp.round();
    long last = first;
    while (System.nanoTime() - began < time.toNanos()) {
      last = warmUp.round();
    }
    LOG.info("warmed up: a prompt and two steps took {} ms at first, {} ms at last", first, last);
  }

  /** Prompts of all sequences, a step of all and one of a single sequence; its milliseconds. */
  private long round() {
    long began = System.nanoTime();
    run(sequences, 0, promptTokens, LogitRows.LAST);
    run(sequences, promptTokens, 1, LogitRows.CHOICE);
    run(1, promptTokens, 1, LogitRows.LAST);
    return (System.nanoTime() - began) / 1_000_000;
  }

  private void run(int sequences, int position, int tokens, LogitRows logits) {
    List<StepBatch.Slice> slices = new ArrayList<>();
    for (int sequence = 0; sequence < sequences; sequence++) {
      int[] pages = new int[pagesEach];
      for (int page = 0; page < pagesEach; page++) {
        pages[page] = sequence * pagesEach + page;
      }
      slices.add(
          new StepBatch.Slice(ResidentDelta.none(), new int[tokens], position, pages, logits));
    }
    pass.run(new StepBatch(slices), new Ignored());
  }

  /** What comes of it is of no interest. */
  private static final class Ignored implements ForwardPass.LogitsSink {
    @Override
    public void accept(int slice, int row, float[] logits) {}

    @Override
    public void chosen(int slice, int row, int token) {}
  }
}
