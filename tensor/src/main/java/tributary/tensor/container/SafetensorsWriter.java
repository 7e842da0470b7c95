package tributary.tensor.container;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.function.Function;
import tributary.protocol.Bytes;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;

/** Writes a safetensors file: whole or not at all. */
public final class SafetensorsWriter {
  private static final int CHUNK_BYTES = 1 << 20;

  /** The data begins at a multiple of this many bytes. */
  private static final int ALIGNMENT_BYTES = 8;

  /**
   * A tensor that is made when its turn comes, so that only one has to be in memory.
   *
   * @param values of this type and shape; the arena is closed when they are written
   */
  public record Pending(DType type, Shape shape, Function<Arena, TensorView> values) {
    static Pending of(TensorView tensor) {
      return new Pending(tensor.type(), tensor.shape(), arena -> tensor);
    }

    private long bytes() {
      return Math.multiplyExact(shape.elements(), type.bytes());
    }
  }

  private SafetensorsWriter() {}

  /**
   * Writes tensors in the map's order (so that a prefix of the file can be useful) to a temporary
   * file beside {@code path}, forces it to disk and moves it into place. The same content gives the
   * same bytes.
   */
  public static void write(
      Path path, Map<String, String> metadata, SequencedMap<String, TensorView> tensors) {
    writePending(path, metadata, pending(tensors));
  }

  /** As {@link #write}, with tensors that are made one after another. */
  public static void writePending(
      Path path, Map<String, String> metadata, SequencedMap<String, Pending> tensors) {
    byte[] header = header(metadata, tensors);
    WholeFile.write(
        path,
        channel -> {
          ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
          chunk.order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).flip();
          drain(chunk, channel);
          writeSegment(MemorySegment.ofArray(header), chunk, channel);
          for (Pending tensor : tensors.values()) {
            try (Arena arena = Arena.ofConfined()) {
              TensorView made = tensor.values.apply(arena);
              if (made.type() != tensor.type || !made.shape().equals(tensor.shape)) {
                throw new IllegalStateException(
                    "a tensor of %s %s was announced as %s %s"
                        .formatted(made.type(), made.shape(), tensor.type, tensor.shape));
              }
              writeSegment(made.data(), chunk, channel);
            }
          }
        });
  }

  private static SequencedMap<String, Pending> pending(SequencedMap<String, TensorView> tensors) {
    SequencedMap<String, Pending> pending = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> pending.put(name, Pending.of(tensor)));
    return pending;
  }

  /** Size of the file that {@link #write} would make; reads no tensor. */
  static Bytes size(Map<String, String> metadata, SequencedMap<String, TensorView> tensors) {
    long bytes = Long.BYTES + (long) header(metadata, pending(tensors)).length;
    for (TensorView tensor : tensors.values()) {
      bytes = Math.addExact(bytes, tensor.data().byteSize());
    }
    return new Bytes(bytes);
  }

  private static byte[] header(
      Map<String, String> metadata, SequencedMap<String, Pending> tensors) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = StrictJson.FACTORY.createGenerator(bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(SafetensorsHeader.METADATA);
        for (var entry : new TreeMap<>(metadata).entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      long begin = 0;
      for (var entry : tensors.entrySet()) {
        begin = writeEntry(json, entry.getKey(), entry.getValue(), begin);
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new AssertionError("memory does not fail to be written", e);
    }
    return padded(bytes.toByteArray());
  }

  /** Returns where the next tensor begins. */
  private static long writeEntry(JsonGenerator json, String name, Pending tensor, long begin)
      throws IOException {
    if (name.equals(SafetensorsHeader.METADATA)) {
      throw new IllegalArgumentException("no tensor may be named " + name);
    }
    long end = Math.addExact(begin, tensor.bytes());
    json.writeObjectFieldStart(name);
    json.writeStringField("dtype", tensor.type.name());
    json.writeArrayFieldStart("shape");
    for (long dimension : tensor.shape.dimensions()) {
      json.writeNumber(dimension);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("data_offsets");
    json.writeNumber(begin);
    json.writeNumber(end);
    json.writeEndArray();
    json.writeEndObject();
    return end;
  }

  private static byte[] padded(byte[] header) {
    int length = Math.ceilDiv(header.length, ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    if (length > StrictJson.BYTES_MAX) {
      throw new IllegalArgumentException(
          "header of %d bytes, at most %d are allowed".formatted(length, StrictJson.BYTES_MAX));
    }
    byte[] padded = Arrays.copyOf(header, length);
    Arrays.fill(padded, header.length, length, (byte) ' ');
    return padded;
  }

  private static void writeSegment(MemorySegment segment, ByteBuffer chunk, FileChannel channel)
      throws IOException {
    MemorySegment window = MemorySegment.ofBuffer(chunk.clear());
    for (long from = 0; from < segment.byteSize(); from += CHUNK_BYTES) {
      int count = (int) Math.min(CHUNK_BYTES, segment.byteSize() - from);
      MemorySegment.copy(segment, from, window, 0, count);
      drain(chunk.clear().limit(count), channel);
    }
  }

  private static void drain(ByteBuffer chunk, FileChannel channel) throws IOException {
    while (chunk.hasRemaining()) {
      channel.write(chunk);
    }
  }
}
