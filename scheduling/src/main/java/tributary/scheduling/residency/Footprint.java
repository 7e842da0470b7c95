package tributary.scheduling.residency;

import java.util.List;
import tributary.protocol.Bytes;

/**
 * What a delta takes in memory at each precision.
 *
 * @param upTo bytes of its first planes, for 1 plane, for 2, and so on; never shrinking
 */
public record Footprint(List<Bytes> upTo) {
  public Footprint {
    upTo = List.copyOf(upTo);
    if (upTo.isEmpty()) {
      throw new IllegalArgumentException("a delta has at least one width");
    }
    for (int i = 1; i < upTo.size(); i++) {
      if (upTo.get(i).compareTo(upTo.get(i - 1)) < 0) {
        throw new IllegalArgumentException("more planes take less memory: " + upTo);
      }
    }
  }

  /** The greatest width, at least 1. */
  public int widths() {
    return upTo.size();
  }

  /** Bytes at a width; nothing at 0. */
  public Bytes at(int width) {
    return width == 0 ? Bytes.ZERO : upTo.get(width - 1);
  }
}
