package tributary.benchmarks.weights;

import java.util.ArrayList;
import java.util.List;

/**
 * The printable characters that stand for bytes in a byte-level BPE vocabulary, as GPT-2 defined
 * them: a visible Latin-1 character stands for itself, any other byte for one from U+0100 on.
 */
final class ByteLevelAlphabet {
  private static final int BYTES = 256;
  private static final int FIRST_REPLACEMENT = 0x100;

  private ByteLevelAlphabet() {}

  /** The characters of bytes 0 to 255. */
  static List<String> characters() {
    List<String> characters = new ArrayList<>();
    int replacement = FIRST_REPLACEMENT;
    for (int b = 0; b < BYTES; b++) {
      characters.add(Character.toString(visible(b) ? b : replacement++));
    }
    return characters;
  }

  private static boolean visible(int b) {
    return b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae;
  }
}
