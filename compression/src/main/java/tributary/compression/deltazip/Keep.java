package tributary.compression.deltazip;

/** Which weights of a difference are kept; the others become 0. */
public sealed interface Keep {
  /** All of them. */
  record All() implements Keep {}

  /** {@code kept} of every aligned {@code of} neighbouring inputs, such as 2:4. */
  record Some(int kept, int of) implements Keep {
    public Some {
      if (kept < 1 || of <= kept || of > 64) {
        throw new IllegalArgumentException(
            "keep %d of %d: wanted fewer kept than there are, and groups of at most 64"
                .formatted(kept, of));
      }
    }
  }

  /**
   * The published unstructured rule: of each block of columns, over all rows, a share of the
   * weights.
   */
  record Share(double kept) implements Keep {
    public Share {
      if (!(kept > 0 && kept < 1)) {
        throw new IllegalArgumentException("keep a share of " + kept + ": wanted between 0 and 1");
      }
    }
  }

  /** True for the pattern that tensor cores multiply, which has a layout of its own. */
  default boolean isTwoOfFour() {
    return this instanceof Some(int kept, int of) && kept == 2 && of == 4;
  }
}
