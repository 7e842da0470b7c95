package tributary.benchmarks.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** A growing run of bytes in GGUF's primitive encodings: little endian, strings after lengths. */
final class LittleEndianBytes {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  LittleEndianBytes u8(int value) {
    bytes.write(value);
    return this;
  }

  LittleEndianBytes u32(int value) {
    for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
      bytes.write(value >>> shift);
    }
    return this;
  }

  LittleEndianBytes u64(long value) {
    return u32((int) value).u32((int) (value >>> Integer.SIZE));
  }

  LittleEndianBytes f32(float value) {
    return u32(Float.floatToRawIntBits(value));
  }

  LittleEndianBytes string(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    u64(utf8.length);
    bytes.writeBytes(utf8);
    return this;
  }

  LittleEndianBytes append(LittleEndianBytes other) {
    bytes.writeBytes(other.toArray());
    return this;
  }

  LittleEndianBytes padTo(int alignment) {
    while (bytes.size() % alignment != 0) {
      bytes.write(0);
    }
    return this;
  }

  byte[] toArray() {
    return bytes.toByteArray();
  }
}
