package tributary.benchmarks.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;

/** A bf16 safetensors file, mapped; owns the mapping. */
public final class SafetensorsFile implements AutoCloseable {
  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long HEADER_BYTES_MAX = 64L << 20;

  private final Arena arena;
  private final Path path;
  private final JsonNode header;
  private final MemorySegment data;

  private SafetensorsFile(Arena arena, Path path, JsonNode header, MemorySegment data) {
    this.arena = arena;
    this.path = path;
    this.header = header;
    this.data = data;
  }

  /** Maps a file and reads its header. */
  public static SafetensorsFile open(Path path) throws IOException {
    Arena arena = Arena.ofShared();
    try (var channel = FileChannel.open(path)) {
      MemorySegment file = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      long headerBytes = file.get(LENGTH, 0);
      if (headerBytes < 2 || headerBytes > Math.min(HEADER_BYTES_MAX, file.byteSize())) {
        throw new IOException(path + ": header of " + headerBytes + " bytes, file of "
            + file.byteSize() + "; not a safetensors file");
      }
      byte[] json =
          file.asSlice(Long.BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE);
      JsonNode header = new ObjectMapper().readTree(json);
      return new SafetensorsFile(
          arena, path, header, file.asSlice(Long.BYTES + headerBytes));
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** The bytes of a tensor, row-major bf16; a view, gone with this file. */
  public MemorySegment bytes(Tensor tensor) throws IOException {
    JsonNode entry = header.path(tensor.name());
    if (entry.isMissingNode()) {
      throw new IOException(path + ": no tensor " + tensor.name());
    }
    String type = entry.path("dtype").asText();
    if (!type.equals("BF16")) {
      throw new IOException(path + ": " + tensor.name() + " is " + type + ", wanted BF16");
    }
    long begin = entry.path("data_offsets").path(0).asLong();
    long size = entry.path("data_offsets").path(1).asLong() - begin;
    if (size != tensor.sizeBytes()) {
      throw new IOException(path + ": " + tensor.name() + " has " + size + " bytes, wanted "
          + tensor.sizeBytes() + " for " + tensor.rows() + " x " + tensor.columns());
    }
    return data.asSlice(begin, size);
  }

  @Override
  public void close() {
    arena.close();
  }
}
