package tributary.actors;

import tributary.protocol.Nanos;

/**
 * How long the parts of a load took.
 *
 * @param read from disk, unless it lay in RAM
 * @param verify its bytes, unless they had been
 * @param transfer to where it is computed with
 */
record LoadPhases(Nanos read, Nanos verify, Nanos transfer) {
  static final LoadPhases NONE = new LoadPhases(Nanos.ZERO, Nanos.ZERO, Nanos.ZERO);
}
