package tributary.scheduling.residency;

/** Where a delta can lie besides the disk. */
public enum Place {
  RAM,
  DEVICE
}
