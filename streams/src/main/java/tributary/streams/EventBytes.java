package tributary.streams;

import akka.util.ByteString;
import java.util.Arrays;

/** Bytes that gather until somebody takes them all. Not thread-safe. */
final class EventBytes {
  private static final int CAPACITY_FIRST = 512;

  private byte[] bytes = new byte[CAPACITY_FIRST];
  private int length;

  boolean isEmpty() {
    return length == 0;
  }

  int length() {
    return length;
  }

  void put(byte next) {
    reserve(1);
    bytes[length++] = next;
  }

  void put(byte[] next) {
    reserve(next.length);
    System.arraycopy(next, 0, bytes, length, next.length);
    length += next.length;
  }

  ByteString take() {
    ByteString taken = ByteString.fromArrayUnsafe(Arrays.copyOf(bytes, length));
    length = 0;
    return taken;
  }

  private void reserve(int count) {
    int needed = Math.addExact(length, count);
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(needed, 2 * bytes.length));
    }
  }
}
