package tributary.scheduling;

import java.util.List;
import java.util.Optional;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;

/**
 * Decides what the next device step runs. Owns no clock, thread, file or random source.
 *
 * <p>A sequence is tokens catching up: known tokens (prompt and output) minus computed ones are what
 * it misses, and a step gives it some of them. There is no prefill mode and no decode mode.
 */
public final class Scheduler {
  public Scheduler(SchedulerLimits limits) {
    throw new UnsupportedOperationException();
  }

  /**
   * Takes a sequence into the queue, or says why not.
   *
   * @param credit output tokens that the reader can take now; see {@link #credit}
   */
  public Optional<Refusal> arrived(GenerationRequest request, int credit, Nanos now) {
    throw new UnsupportedOperationException();
  }

  /**
   * The reader can take tokens with indices below {@code tokens}. A sequence whose reader cannot take
   * another is parked: left out of steps, its KV kept.
   */
  public void credit(RequestId request, int tokens, Nanos now) {
    throw new UnsupportedOperationException();
  }

  /** Forgets a sequence and frees its pages. Unknown ids are ignored: it may have just ended. */
  public void cancelled(RequestId request) {
    throw new UnsupportedOperationException();
  }

  /** The next step; must be followed by {@link #completed} before the next call if not empty. */
  public StepPlan plan(Nanos now) {
    throw new UnsupportedOperationException();
  }

  /** Feeds back a plan's result; returns what to tell the readers, in order. */
  public List<TokenEvent> completed(StepResult result, Nanos now) {
    throw new UnsupportedOperationException();
  }

  /** Gauges: what the scheduler holds right now. */
  public record Load(int waiting, int running, int parked, int kvPagesUsed, long preemptions) {}

  public Load load() {
    throw new UnsupportedOperationException();
  }
}
