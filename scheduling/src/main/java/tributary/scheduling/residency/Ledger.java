package tributary.scheduling.residency;

import tributary.protocol.Bytes;

/** The bytes of one place: taken, and among these such that are being given back. */
final class Ledger {
  private final Bytes budget;
  private Bytes taken = Bytes.ZERO;
  private Bytes leaving = Bytes.ZERO;

  Ledger(Bytes budget) {
    this.budget = budget;
  }

  Bytes taken() {
    return taken;
  }

  Bytes budget() {
    return budget;
  }

  boolean hasRoom(Bytes size) {
    return taken.plus(size).compareTo(budget) <= 0;
  }

  /** Whether there is room, or will be when all that leaves has left. */
  boolean willHaveRoom(Bytes size) {
    return taken.minus(leaving).plus(size).compareTo(budget) <= 0;
  }

  /** What is left when all that leaves has left. */
  Bytes free() {
    return budget.minus(taken.minus(leaving));
  }

  void take(Bytes size) {
    taken = taken.plus(size);
    if (taken.compareTo(budget) > 0) {
      throw new AssertionError("%s taken of a budget of %s".formatted(taken, budget));
    }
  }

  void beginToGive(Bytes size) {
    leaving = leaving.plus(size);
  }

  void given(Bytes size) {
    leaving = leaving.minus(size);
    taken = taken.minus(size);
  }

  void giveBack(Bytes size) {
    taken = taken.minus(size);
  }
}
