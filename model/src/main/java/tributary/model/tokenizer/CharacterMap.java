package tributary.model.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.BitSet;
import java.util.Deque;

/**
 * SentencePiece's compiled normalization: a trie of what is replaced as a double array (the layout
 * of darts-clone), then the replacements, each ended by a zero byte.
 *
 * <p>A unit of the array holds from bit 0 the byte that leads to it, at bit 8 whether a value
 * follows, and from bit 10 an offset, shifted by eight where bit 9 is set; a value's bit 31 is set.
 * Offsets are not negative, and so are no nodes.
 */
final class CharacterMap {
  private static final int BYTES = 256;
  private static final int LABEL = 0x8000_00ff;
  private static final int VALUE = 0x7fff_ffff;

  private final IntBuffer units;
  private final byte[] replacements;

  private CharacterMap(IntBuffer units, byte[] replacements) {
    this.units = units;
    this.replacements = replacements;
  }

  /** True when every text can be looked up without leaving the array or the replacements. */
  static boolean isSound(String base64) {
    try {
      ByteBuffer bytes =
          ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
      if (bytes.remaining() < Integer.BYTES) {
        return false;
      }
      int trie = bytes.getInt();
      if (trie < Integer.BYTES || trie % Integer.BYTES != 0 || trie > bytes.remaining()) {
        return false;
      }
      IntBuffer units = bytes.slice(bytes.position(), trie).order(bytes.order()).asIntBuffer();
      ByteBuffer rest = bytes.position(bytes.position() + trie);
      byte[] replacements = new byte[rest.remaining()];
      rest.get(replacements);
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(replacements));
      return new CharacterMap(units, replacements).holdsAllPaths();
    } catch (IllegalArgumentException | CharacterCodingException damaged) {
      return false;
    }
  }

  private boolean holdsAllPaths() {
    var seen = new BitSet();
    Deque<Integer> nodes = new ArrayDeque<>();
    nodes.push(offset(units.get(0)));
    while (!nodes.isEmpty()) {
      int node = nodes.pop();
      if ((node | BYTES - 1) >= units.limit()) {
        return false;
      }
      if (seen.get(node)) {
        continue;
      }
      seen.set(node);
      for (int next = 1; next < BYTES; next++) {
        int unit = units.get(node ^ next);
        if ((unit & LABEL) == next) {
          int child = node ^ next ^ offset(unit);
          if ((unit >>> 8 & 1) == 1 && !leadsToReplacement(child)) {
            return false;
          }
          nodes.push(child);
        }
      }
    }
    return true;
  }

  private boolean leadsToReplacement(int node) {
    if (node >= units.limit()) {
      return false;
    }
    int start = units.get(node) & VALUE;
    return start < replacements.length && (replacements[start] & 0xc0) != 0x80;
  }

  private static int offset(int unit) {
    return unit >>> 10 << ((unit >>> 9 & 1) << 3);
  }
}
