package tributary.benchmarks.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Reads a GGUF file as llama.cpp would: the other side of {@link GgufHeader}. */
final class GgufReader {
  private final ByteBuffer buffer;
  private final Map<String, Object> entries = new LinkedHashMap<>();
  private final Map<String, Declared> tensors = new LinkedHashMap<>();
  private final int dataStart;

  /** Where a tensor is, and its lengths, fastest first. */
  record Declared(List<Long> lengths, int type, long offset) {}

  GgufReader(byte[] file) {
    buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(new byte[] {buffer.get(), buffer.get(), buffer.get(), buffer.get()})
        .isEqualTo("GGUF".getBytes(StandardCharsets.US_ASCII));
    assertThat(buffer.getInt()).isEqualTo(3);
    long tensorCount = buffer.getLong();
    long entryCount = buffer.getLong();
    for (long i = 0; i < entryCount; i++) {
      entries.put(string(), value(buffer.getInt()));
    }
    for (long i = 0; i < tensorCount; i++) {
      String name = string();
      List<Long> lengths = Stream.generate(buffer::getLong).limit(buffer.getInt()).toList();
      tensors.put(name, new Declared(lengths, buffer.getInt(), buffer.getLong()));
    }
    dataStart = Math.ceilDiv(buffer.position(), 32) * 32;
  }

  Map<String, Object> entries() {
    return entries;
  }

  Map<String, Declared> tensors() {
    return tensors;
  }

  byte[] bytes(String tensor, int from, int length) {
    int start = dataStart + Math.toIntExact(tensors.get(tensor).offset()) + from;
    return Arrays.copyOfRange(buffer.array(), start, start + length);
  }

  private String string() {
    byte[] utf8 = new byte[Math.toIntExact(buffer.getLong())];
    buffer.get(utf8);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  private Object value(int type) {
    return switch (type) {
      case 4, 5 -> buffer.getInt();
      case 6 -> buffer.getFloat();
      case 7 -> buffer.get() != 0;
      case 8 -> string();
      case 9 -> {
        int element = buffer.getInt();
        long count = buffer.getLong();
        yield Stream.generate(() -> value(element)).limit(count).toList();
      }
      default -> throw new AssertionError("value of type " + type);
    };
  }
}
