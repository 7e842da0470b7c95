package tributary.actors;

/** Where a variant is in its life on a node. */
public enum Tier {
  /** On disk only. */
  COLD,
  /** Being read and verified. */
  LOADING,
  /** In the device's memory. */
  RESIDENT,
  /** Leaving the device's memory; sequences that use it may still run. */
  RETIRING
}
