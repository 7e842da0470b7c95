package tributary.tensor.container;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 over memory and text. */
final class Sha256 {
  private static final int CHUNK_BYTES = 1 << 16;
  private final MessageDigest digest;

  Sha256() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java runtime has SHA-256", e);
    }
  }

  /** Lower-case hexadecimal digest of all bytes of {@code segment}. */
  static String hex(MemorySegment segment) {
    return new Sha256().add(segment).hex();
  }

  Sha256 add(MemorySegment segment) {
    byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, segment.byteSize())];
    for (long from = 0; from < segment.byteSize(); from += chunk.length) {
      int count = (int) Math.min(chunk.length, segment.byteSize() - from);
      MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, from, chunk, 0, count);
      digest.update(chunk, 0, count);
    }
    return this;
  }

  /** Adds the text's UTF-8 bytes, and before them their number as 32 bits, little-endian. */
  Sha256 add(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
      digest.update((byte) (bytes.length >>> shift));
    }
    digest.update(bytes);
    return this;
  }

  String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
