package tributary.scheduling.residency;

import org.jspecify.annotations.Nullable;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;

/**
 * Budgets and bounds of a node's deltas.
 *
 * @param ram bytes of deltas that wait in RAM for the device; null when the device computes in RAM,
 *     so that there is nothing in between
 * @param device bytes of deltas that can be computed with
 * @param movesMax moves under way at once, lowering ones not counted
 * @param ageMax a delta that is waited for longer takes the memory of one in use
 * @param loadOverhead what a load costs whatever its size, in bytes that could be read meanwhile
 */
public record ResidencySettings(
    @Nullable Bytes ram, Bytes device, int movesMax, Nanos ageMax, Bytes loadOverhead) {
  public ResidencySettings {
    if (movesMax < 1) {
      throw new TributaryException(
          ErrorCode.CONFIG, "moves-max is %d; it must be at least 1".formatted(movesMax));
    }
  }

  /** Whether a delta passes through RAM on its way to the device. */
  public boolean isStaged() {
    return ram != null;
  }

  Bytes budget(Place place) {
    return switch (place) {
      case RAM -> ram == null ? Bytes.ZERO : ram;
      case DEVICE -> device;
    };
  }
}
