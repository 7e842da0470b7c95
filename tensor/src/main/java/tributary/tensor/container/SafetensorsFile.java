package tributary.tensor.container;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SortedSet;
import java.util.TreeMap;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;

/**
 * One memory-mapped, fully validated safetensors file.
 *
 * <p>The file must not be changed while it is open: replace it by renaming another onto it, as
 * {@link SafetensorsWriter} does.
 */
public final class SafetensorsFile implements TensorSource {
  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path path;
  private final Arena arena;
  private final MemorySegment bytes;
  private final Map<String, String> metadata;
  private final NavigableMap<String, TensorView> tensors;

  private SafetensorsFile(
      Path path,
      Arena arena,
      MemorySegment bytes,
      Map<String, String> metadata,
      NavigableMap<String, TensorView> tensors) {
    this.path = path;
    this.arena = arena;
    this.bytes = bytes;
    this.metadata = Collections.unmodifiableMap(metadata);
    this.tensors = Collections.unmodifiableNavigableMap(tensors);
  }

  /** Opens, maps and checks the file; every lie of its header is a named error. */
  public static SafetensorsFile open(Path path) {
    Arena arena = Arena.ofShared();
    try {
      MemorySegment file = map(path, arena);
      long dataStart = Long.BYTES + headerLength(path, file);
      byte[] json = file.asSlice(Long.BYTES, dataStart - Long.BYTES).toArray(ValueLayout.JAVA_BYTE);
      MemorySegment data = file.asSlice(dataStart);
      SafetensorsHeader header = SafetensorsHeader.parse(path, json, data.byteSize());
      NavigableMap<String, TensorView> tensors = new TreeMap<>();
      header
          .tensors()
          .forEach((name, entry) ->
              tensors.put(
                  name,
                  new TensorView(
                      entry.type(),
                      entry.shape(),
                      data.asSlice(entry.begin(), entry.end() - entry.begin()))));
      return new SafetensorsFile(path, arena, file, header.metadata(), tensors);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private static MemorySegment map(Path path, Arena arena) {
    if (!Files.exists(path)) {
      throw new TributaryException(ErrorCode.FILE_NOT_FOUND, "%s does not exist".formatted(path));
    }
    if (!Files.isRegularFile(path)) {
      throw new TributaryException(
          ErrorCode.FILE_UNREADABLE, "%s is not a regular file".formatted(path));
    }
    try (FileChannel channel = FileChannel.open(path)) {
      return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNREADABLE, "%s cannot be read: %s".formatted(path, e.getMessage()), e);
    }
  }

  private static long headerLength(Path path, MemorySegment file) {
    if (file.byteSize() < Long.BYTES) {
      throw new TributaryException(
          ErrorCode.SAFETENSORS_TRUNCATED,
          "%s has %d bytes; safetensors begins with 8 bytes of header length"
              .formatted(path, file.byteSize()));
    }
    long length = file.get(LENGTH, 0);
    if (length < 0 || length > StrictJson.BYTES_MAX) {
      throw new TributaryException(
          ErrorCode.SAFETENSORS_HEADER,
          "%s: header of %s bytes, at most %d are allowed; this is not safetensors"
              .formatted(path, Long.toUnsignedString(length), StrictJson.BYTES_MAX));
    }
    if (length > file.byteSize() - Long.BYTES) {
      throw new TributaryException(
          ErrorCode.SAFETENSORS_TRUNCATED,
          "%s: header of %d bytes, the file has %d after its length; fetch the file again"
              .formatted(path, length, file.byteSize() - Long.BYTES));
    }
    return length;
  }

  /** The {@code __metadata__} entries. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** Size of the whole file. */
  public Bytes size() {
    return new Bytes(bytes.byteSize());
  }

  /** The whole file, mapped. */
  MemorySegment bytes() {
    return bytes;
  }

  @Override
  public SortedSet<String> names() {
    return tensors.navigableKeySet();
  }

  @Override
  public TensorView tensor(String name) {
    TensorView tensor = tensors.get(name);
    if (tensor == null) {
      throw new TributaryException(
          ErrorCode.MISSING_TENSOR, "%s has no tensor %s".formatted(path, Quoted.of(name)));
    }
    return tensor;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
