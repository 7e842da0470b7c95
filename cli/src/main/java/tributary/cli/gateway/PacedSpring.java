package tributary.cli.gateway;

import java.util.concurrent.locks.LockSupport;
import tributary.actors.TokenFountain;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Tokens;

/**
 * Tokens of one text, over and over: at once, or in steps of equal length as a device would draw
 * them. A request's seed says which stream it is of.
 */
public final class PacedSpring implements TokenFountain.Spring {
  private final Tokens text;
  private final long stepNanos;
  private final EmissionTimes times;
  private long due = System.nanoTime();
  private long drawnAt;

  /**
   * @param stepNanos from one step to the next; 0: no pause
   */
  public PacedSpring(Tokens text, long stepNanos, EmissionTimes times) {
    this.text = text;
    this.stepNanos = stepNanos;
    this.times = times;
  }

  @Override
  public void awaitStep() throws InterruptedException {
    due = Math.max(due + stepNanos, System.nanoTime());
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      LockSupport.parkNanos(left);
      if (Thread.interrupted()) {
        throw new InterruptedException("told to stop while waiting for the next step");
      }
    }
    drawnAt = System.nanoTime();
  }

  @Override
  public int draw(GenerationRequest request, int index) {
    times.note(Math.toIntExact(request.sampling().seed()), index, drawnAt);
    return text.id(index % text.count());
  }
}
