package tributary.model.tokenizer;

/**
 * Turns bytes into characters as they arrive. Bytes that are not UTF-8 become U+FFFD: one for each
 * maximal part of a character, or one for each byte.
 */
final class Utf8Stream {
  private static final char REPLACEMENT = '\uFFFD';

  private final boolean replacesEachByte;
  private int codePoint;
  private int seen;
  private int missing;
  private int lowest = 0x80;
  private int highest = 0xBF;

  Utf8Stream(boolean replacesEachByte) {
    this.replacesEachByte = replacesEachByte;
  }

  /** Takes a byte; whole characters are appended to {@code out}. */
  void append(byte next, StringBuilder out) {
    int value = next & 0xFF;
    if (missing > 0 && (value < lowest || value > highest)) {
      giveUp(out);
    }
    if (missing > 0) {
      proceed(value, out);
    } else {
      begin(value, out);
    }
  }

  /** Gives up what has not become a character. */
  void finish(StringBuilder out) {
    if (missing > 0) {
      giveUp(out);
    }
  }

  private void begin(int value, StringBuilder out) {
    if (value < 0x80) {
      out.append((char) value);
    } else if (value >= 0xC2 && value <= 0xDF) {
      expect(1, value & 0x1F);
    } else if (value >= 0xE0 && value <= 0xEF) {
      expect(2, value & 0x0F);
      lowest = value == 0xE0 ? 0xA0 : lowest; // Shorter forms exist.
      highest = value == 0xED ? 0x9F : highest; // Surrogates are no characters.
    } else if (value >= 0xF0 && value <= 0xF4) {
      expect(3, value & 0x07);
      lowest = value == 0xF0 ? 0x90 : lowest;
      highest = value == 0xF4 ? 0x8F : highest; // Unicode ends there.
    } else {
      out.append(REPLACEMENT);
    }
  }

  private void expect(int further, int bits) {
    missing = further;
    seen = 1;
    codePoint = bits;
    lowest = 0x80;
    highest = 0xBF;
  }

  private void proceed(int value, StringBuilder out) {
    codePoint = (codePoint << 6) | (value & 0x3F);
    seen++;
    missing--;
    lowest = 0x80;
    highest = 0xBF;
    if (missing == 0) {
      out.appendCodePoint(codePoint);
    }
  }

  private void giveUp(StringBuilder out) {
    out.repeat(REPLACEMENT, replacesEachByte ? seen : 1);
    missing = 0;
  }
}
