package tributary.tensor.container;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.TensorView;
import tributary.tensor.UntouchedMemory;

/** The stored tensors of a delta file, out of their frames, each checked for what it must be. */
final class StoredParts {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path path;
  private final SafetensorsFile file;
  private final DeltaHeader header;
  private final Arena arena;
  private final Predicate<String> late;
  private final Map<String, MemorySegment> folded = new LinkedHashMap<>();
  private final Map<Integer, float[]> codebooks = new HashMap<>();

  /**
   * @param arena owns what comes out of frames
   * @param late frames that stay folded until {@link #unfold}
   */
  StoredParts(
      Path path, SafetensorsFile file, DeltaHeader header, Arena arena, Predicate<String> late) {
    this.path = path;
    this.file = file;
    this.header = header;
    this.arena = arena;
    this.late = late;
  }

  /** Memory, all zero, for what has to be laid out anew; it lives as long as what frames hold. */
  MemorySegment allocate(long bytes) {
    return arena.allocate(bytes, Long.BYTES);
  }

  /** A tensor of any type and shape. */
  TensorView tensor(String name) {
    TensorView stored = file.tensor(name);
    ZstdFrame frame = header.frames().get(name);
    try {
      if (frame == null) {
        return stored;
      }
      if (late.test(name)) {
        frame.check(stored);
        MemorySegment room = UntouchedMemory.allocate(arena, frame.unfoldedBytes());
        folded.put(name, room);
        return new TensorView(frame.type(), frame.shape(), room);
      }
      return frame.unfold(stored, arena);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw fault("%s: %s".formatted(Quoted.of(name), e.getMessage()));
    }
  }

  /** Unfolds those frames of late tensors that still are. */
  void unfold(Predicate<String> which) {
    for (String name : List.copyOf(folded.keySet())) {
      if (which.test(name)) {
        try {
          frame(name).unfold(file.tensor(name), Objects.requireNonNull(folded.get(name)));
        } catch (IllegalArgumentException e) {
          throw fault("%s: %s".formatted(Quoted.of(name), e.getMessage()));
        }
        folded.remove(name);
      }
    }
  }

  private ZstdFrame frame(String name) {
    return Objects.requireNonNull(header.frames().get(name));
  }

  TensorView tensor(Part part) {
    TensorView found = tensor(part.name());
    if (!part.types().contains(found.type()) || !part.shapes().contains(found.shape())) {
      throw fault(
          "%s is %s %s, wanted %s"
              .formatted(Quoted.of(part.name()), found.type(), found.shape(), part.wanted()));
    }
    return found;
  }

  MemorySegment bytes(Part part) {
    return tensor(part).data();
  }

  float[] numbers(Part part) {
    float[] values = tensor(part).toFloats();
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw fault(
            "%s holds %s, statistics must be finite".formatted(Quoted.of(part.name()), value));
      }
    }
    return values;
  }

  int[] indices(Part part) {
    TensorView view = tensor(part);
    int[] indices = new int[Math.toIntExact(view.shape().elements())];
    for (int i = 0; i < indices.length; i++) {
      indices[i] =
          view.type() == DType.U16
              ? Short.toUnsignedInt(view.data().getAtIndex(SHORT, i))
              : view.data().getAtIndex(INT, i);
    }
    return indices;
  }

  /** A codebook of the file; read once, however many matrices use it. */
  float[] codebook(int index) {
    if (index >= header.codebooks().size()) {
      throw fault(
          "codebook %d is wanted, the file has %d".formatted(index, header.codebooks().size()));
    }
    return codebooks.computeIfAbsent(
        index, _ -> numbers(Codebooks.part(index, header.codebooks().get(index))));
  }

  private TributaryException fault(String fault) {
    return new TributaryException(ErrorCode.DELTA_FORMAT, "%s: %s".formatted(path, fault));
  }
}
