package tributary.scheduling.residency;

/** Where a delta stands. */
public enum Tier {
  /** On disk only. */
  COLD,
  /** On its way from disk. */
  WARMING,
  /** In RAM, not on the device. */
  WARM,
  /** On its way to the device. */
  PROMOTING,
  /** On the device, at its floor or better. */
  HOT
}
