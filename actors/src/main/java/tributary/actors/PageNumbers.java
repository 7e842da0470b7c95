package tributary.actors;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.StringJoiner;

/**
 * Numbers the pages of sequences: alike where all tokens up to a page's end are alike, and without
 * the key, which is nowhere written down, saying nothing about them.
 */
final class PageNumbers {
  private static final int KEY_BYTES = 32;

  /** Numbers that every reader of JSON takes whole. */
  private static final long MASK = (1L << 53) - 1;

  private final int pageTokens;
  private final MessageDigest digest;
  private final byte[] key = new byte[KEY_BYTES];

  PageNumbers(int pageTokens) {
    this.pageTokens = pageTokens;
    new SecureRandom().nextBytes(key);
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  /** The numbers of the full pages of the first {@code length} tokens, with commas between them. */
  String text(int[] tokens, int length) {
    var numbers = new StringJoiner(",");
    long before = 0;
    for (int page = 0; (page + 1) * pageTokens <= length; page++) {
      before = number(before, tokens, page);
      numbers.add(Long.toString(before));
    }
    return numbers.toString();
  }

  private long number(long before, int[] tokens, int page) {
    var bytes = ByteBuffer.allocate(KEY_BYTES + Long.BYTES + pageTokens * Integer.BYTES);
    bytes.put(key).putLong(before);
    for (int i = page * pageTokens; i < (page + 1) * pageTokens; i++) {
      bytes.putInt(tokens[i]);
    }
    return ByteBuffer.wrap(digest.digest(bytes.array())).getLong() & MASK;
  }
}
