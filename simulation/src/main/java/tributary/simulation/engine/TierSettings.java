package tributary.simulation.engine;

import tributary.protocol.Bytes;
import tributary.protocol.Nanos;

/**
 * Where a node's tenants may be.
 *
 * @param size of each tenant's weights
 * @param deviceSlots tenants in device memory at once
 * @param hostSlots tenants in host memory at once
 * @param timing whether loads hold up steps
 * @param ageMax after which a tenant that waits is given memory of one that is in use
 */
public record TierSettings(
    Bytes size, int deviceSlots, int hostSlots, LoadTiming timing, Nanos ageMax) {
  /** When weights move. */
  public enum LoadTiming {
    /** Beside the steps, as soon as somebody asks for them. */
    BESIDE_STEPS,
    /** From host memory to the device between two steps, which wait; from disk beside them. */
    BETWEEN_STEPS
  }

  /** All tenants are where they are needed. */
  public static TierSettings resident(int tenants) {
    return new TierSettings(
        Bytes.ZERO, tenants, tenants, LoadTiming.BESIDE_STEPS, new Nanos(Long.MAX_VALUE));
  }
}
