package tributary.actors;

import java.util.Locale;
import tributary.protocol.Nanos;

/**
 * What requests waited for whose variants were not loaded, each part summed over all of them.
 *
 * @param count of loads that a request waited for and that have brought it a token
 * @param queue until memory was free and the load began
 * @param read from disk, unless the variant lay in RAM
 * @param verify its bytes, unless they had been
 * @param transfer to where it is computed with
 * @param firstStep from the load's end to the first token
 */
public record ColdStarts(
    long count, Nanos queue, Nanos read, Nanos verify, Nanos transfer, Nanos firstStep) {
  static final ColdStarts NONE =
      new ColdStarts(0, Nanos.ZERO, Nanos.ZERO, Nanos.ZERO, Nanos.ZERO, Nanos.ZERO);

  /** One start. */
  static ColdStarts of(Nanos queue, LoadPhases phases, Nanos firstStep) {
    return new ColdStarts(1, queue, phases.read(), phases.verify(), phases.transfer(), firstStep);
  }

  ColdStarts plus(ColdStarts others) {
    return new ColdStarts(
        count + others.count,
        queue.plus(others.queue),
        read.plus(others.read),
        verify.plus(others.verify),
        transfer.plus(others.transfer),
        firstStep.plus(others.firstStep));
  }

  /** For people. */
  String inWords() {
    return String.format(
        Locale.ROOT,
        "first token after %.1f ms: queue %.1f, read %.1f, verify %.1f, transfer %.1f, first step"
            + " %.1f",
        1e3 * total().seconds(),
        1e3 * queue.seconds(),
        1e3 * read.seconds(),
        1e3 * verify.seconds(),
        1e3 * transfer.seconds(),
        1e3 * firstStep.seconds());
  }

  /** From the first wish for the variants to their first tokens. */
  public Nanos total() {
    return queue.plus(read).plus(verify).plus(transfer).plus(firstStep);
  }
}
