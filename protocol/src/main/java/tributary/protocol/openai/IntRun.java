package tributary.protocol.openai;

import java.util.Arrays;
import tributary.protocol.Tokens;

/** Token ids being collected, without a box for each. */
final class IntRun {
  private int[] ids = new int[16];
  private int count;

  void add(int id) {
    if (count == ids.length) {
      ids = Arrays.copyOf(ids, 2 * count);
    }
    ids[count++] = id;
  }

  boolean isEmpty() {
    return count == 0;
  }

  Tokens tokens() {
    return Tokens.of(Arrays.copyOf(ids, count));
  }
}
