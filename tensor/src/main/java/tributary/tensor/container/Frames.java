package tributary.tensor.container;

/** Whether what a delta file stores is packed further, without loss. */
public enum Frames {
  /** Every part lies in the file as it is used. */
  NONE,
  /** A part is a zstd frame where that makes it smaller by a hundredth or more. */
  ZSTD
}
