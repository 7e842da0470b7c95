package tributary.compression.quality.compare;

import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/**
 * A codec as people write it, and at how many planes its result is served: {@code
 * sign-planes:planes=2@1} is compressed to two planes and served at the first.
 *
 * @param width planes that are served of each matrix that has more
 */
public record Served(String codec, int width) {
  private static final char AT = '@';

  /** What people wrote; without a width everything is served. */
  public static Served parse(String label) {
    int at = label.lastIndexOf(AT);
    if (at < 0) {
      return new Served(label, Integer.MAX_VALUE);
    }
    String width = label.substring(at + 1);
    if (!width.matches("[1-9][0-9]?")) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "%s is served at %s planes, wanted a number of at least 1"
              .formatted(Quoted.of(label.substring(0, at)), Quoted.of(width)),
          "codecs");
    }
    return new Served(label.substring(0, at), Integer.parseInt(width));
  }
}
