package tributary.model.tokenizer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The characters by which byte-level tokenizers write bytes: printable Latin-1 characters stand for
 * themselves, all other bytes, in ascending order, for the characters from U+0100 on.
 */
final class ByteAlphabet {
  private static final int NONE = -1;
  private static final int SHIFTED = 0x100;
  private static final int[] BYTE_OF_CHARACTER = bytesOfCharacters();

  private ByteAlphabet() {}

  /** The bytes that {@code token} writes, or null when it holds a character of no byte. */
  static byte @Nullable [] bytes(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      char c = token.charAt(i);
      int value = c < BYTE_OF_CHARACTER.length ? BYTE_OF_CHARACTER[c] : NONE;
      if (value == NONE) {
        return null;
      }
      bytes[i] = (byte) value;
    }
    return bytes;
  }

  private static int[] bytesOfCharacters() {
    int[] bytes = new int[2 * SHIFTED];
    Arrays.fill(bytes, NONE);
    int shifted = SHIFTED;
    for (int value = 0; value < SHIFTED; value++) {
      boolean printable = (value >= '!' && value <= '~') || (value >= 0xA1 && value != 0xAD);
      bytes[printable ? value : shifted++] = value;
    }
    return bytes;
  }
}
