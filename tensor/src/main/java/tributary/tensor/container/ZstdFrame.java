package tributary.tensor.container;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Optional;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.UntouchedMemory;

/**
 * A stored tensor whose bytes are one zstd frame.
 *
 * @param type of the tensor that it unfolds to
 * @param shape of the tensor that it unfolds to
 */
record ZstdFrame(DType type, Shape shape) {
  private static final int LEVEL = 19;

  /** A frame has to save this share of its bytes to be worth its while. */
  private static final double SAVING_LEAST = 0.01;

  /**
   * What a frame may unfold to, in multiples of its own size: real codes stay far below, and a file
   * made to exhaust memory cannot ask for more.
   */
  private static final long GROWTH_MAX = 1024;

  long unfoldedBytes() {
    return Math.multiplyExact(shape.elements(), type.bytes());
  }

  /** The tensor as a frame, where that is worth its while. */
  static Optional<TensorView> fold(TensorView raw) {
    long size = raw.data().byteSize();
    long bound = Zstd.compressBound(size);
    if (size == 0 || bound > Integer.MAX_VALUE) {
      return Optional.empty();
    }
    try (Arena arena = Arena.ofShared()) {
      ByteBuffer from = direct(raw.data(), arena);
      ByteBuffer frame = arena.allocate(bound).asByteBuffer();
      int length =
          Math.toIntExact(
              Zstd.compressDirectByteBuffer(
                  frame, 0, frame.capacity(), from, 0, from.capacity(), LEVEL));
      boolean worth = length <= size * (1 - SAVING_LEAST) && size <= GROWTH_MAX * length;
      if (!worth) {
        return Optional.empty();
      }
      byte[] bytes = new byte[length];
      frame.get(0, bytes);
      return Optional.of(new TensorView(DType.U8, Shape.of(length), MemorySegment.ofArray(bytes)));
    }
  }

  /**
   * Unfolds a frame into memory of {@code arena}, as much as was announced and no more.
   *
   * @throws IllegalArgumentException if the frame holds anything else
   */
  TensorView unfold(TensorView stored, Arena arena) {
    check(stored);
    MemorySegment unfolded = UntouchedMemory.allocate(arena, unfoldedBytes());
    unfold(stored, unfolded);
    return new TensorView(type, shape, unfolded);
  }

  /**
   * Looks at a frame without unfolding it.
   *
   * @throws IllegalArgumentException if it cannot unfold to what was announced
   */
  void check(TensorView stored) {
    long size = unfoldedBytes();
    long bytes = stored.data().byteSize();
    if (stored.type() != DType.U8 || bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a frame is U8 below 2^31 bytes, found " + stored.type() + " " + stored.shape());
    }
    if (size > Integer.MAX_VALUE || size > GROWTH_MAX * bytes) {
      throw new IllegalArgumentException(
          "a frame of %d bytes may not unfold to %d, at most to %d"
              .formatted(bytes, size, GROWTH_MAX * bytes));
    }
  }

  /** Unfolds a frame that was checked into memory of its unfolded size. */
  void unfold(TensorView stored, MemorySegment unfolded) {
    try (Arena scratch = Arena.ofConfined()) {
      ByteBuffer from = direct(stored.data(), scratch);
      long size = unfolded.byteSize();
      long found = Zstd.getDirectByteBufferFrameContentSize(from, 0, from.capacity());
      if (found != size) {
        throw new IllegalArgumentException(
            "the frame says that it unfolds to %d bytes, the manifest says %d"
                .formatted(found, size));
      }
      ByteBuffer to = unfolded.asByteBuffer();
      if (Zstd.decompressDirectByteBuffer(to, 0, to.capacity(), from, 0, from.capacity()) != size) {
        throw new IllegalArgumentException("the frame is damaged: it ends early");
      }
    } catch (ZstdException e) {
      throw new IllegalArgumentException("the frame is damaged: " + e.getMessage(), e);
    }
  }

  /** The segment itself where it is outside the heap, else a copy. */
  private static ByteBuffer direct(MemorySegment segment, Arena arena) {
    return segment.isNative()
        ? segment.asByteBuffer()
        : arena.allocate(segment.byteSize()).copyFrom(segment).asByteBuffer();
  }
}
