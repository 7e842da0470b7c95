package tributary.compression.lossless;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;

/**
 * Codes a tensor so that every bit of it comes back, given a predictor that the reader has too: the
 * base's tensor, or the base's with a decoded delta added.
 *
 * <p>Each element of a floating type is coded as the distance of its number from that of its
 * prediction (see {@link FloatOrder}), so that all patterns survive: -0, subnormals, infinities,
 * the payload of a NaN. A predictor is rounded to the tensor's type where it has another; it may
 * have fewer elements, and those past its end are predicted to be zero. Other types are stored as
 * they are, or not at all where the predictor is the same.
 *
 * <h2>Layout</h2>
 *
 * All numbers are little-endian. First the CRC-32C of the tensor's bytes, 32 bits; then a block for
 * every {@value #BLOCK_ELEMENTS} elements, which begins with a byte that says how it is coded:
 *
 * <pre>
 * 0  as predicted   nothing follows
 * 1  stored         the elements
 * 2  coded          two sizes of 32 bits; then the symbols and the remainders of a ResidualCoder,
 *                   which are that long
 * </pre>
 */
public final class LosslessTensor {
  static final int BLOCK_ELEMENTS = 1 << 20;
  private static final int CHUNK_BYTES = 1 << 16;

  private LosslessTensor() {}

  /** Codes {@code tuned}, its blocks in parallel. The same tensors give the same bytes. */
  public static byte[] encode(TensorView tuned, @Nullable TensorView predictor) {
    requireFit(tuned, predictor);
    List<Block> blocks =
        IntStream.range(0, blocks(tuned))
            .parallel()
            .mapToObj(index -> block(Run.of(tuned, index), predictor))
            .toList();
    long size = Integer.BYTES + blocks.stream().mapToLong(Block::size).sum();
    byte[] bytes = new byte[Math.toIntExact(size)];
    MemorySegment out = MemorySegment.ofArray(bytes);
    out.set(Block.INT, 0, checksum(tuned.data()));
    long at = Integer.BYTES;
    for (Block block : blocks) {
      block.write(out, at);
      at += block.size();
    }
    return bytes;
  }

  /**
   * Decodes into {@code out}, whose type and shape are the coded tensor's.
   *
   * @param name of the tensor, for errors
   * @param predictor as it was for {@link #encode}
   * @throws TributaryException {@code delta_format} or {@code delta_checksum} if these bytes are
   *     not what was written, or the predictor is another one
   */
  public static void decode(
      String name, MemorySegment coded, @Nullable TensorView predictor, TensorView out) {
    requireFit(out, predictor);
    List<Block> blocks = read(name, coded, out);
    try {
      IntStream.range(0, blocks.size())
          .parallel()
          .forEach(index -> restore(blocks.get(index), predictor, Run.of(out, index)));
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw damaged(name, e);
    }
    if (checksum(out.data()) != coded.get(Block.INT, 0)) {
      throw new TributaryException(
          ErrorCode.DELTA_CHECKSUM,
          "lossless tensor %s decodes to other bytes than were coded; fetch the file again, and"
                  .formatted(Quoted.of(name))
              + " restore it over the base that it was made of");
    }
  }

  /** Consecutive elements of a tensor that form a block. */
  private record Run(TensorView tensor, long from, int count) {
    static Run of(TensorView tensor, int block) {
      long from = (long) block * BLOCK_ELEMENTS;
      return new Run(
          tensor, from, (int) Math.min(BLOCK_ELEMENTS, tensor.shape().elements() - from));
    }

    MemorySegment elements() {
      return elementsOf(tensor);
    }

    /** The same run of another tensor; empty when that does not have all of it. */
    Optional<MemorySegment> elementsIn(@Nullable TensorView other) {
      return other != null
              && other.type() == tensor.type()
              && other.shape().elements() >= from + count
          ? Optional.of(elementsOf(other))
          : Optional.empty();
    }

    private MemorySegment elementsOf(TensorView any) {
      long width = any.type().bytes();
      return any.data().asSlice(from * width, count * width);
    }
  }

  private static Block block(Run run, @Nullable TensorView predictor) {
    MemorySegment elements = run.elements();
    if (run.elementsIn(predictor).filter(same -> same.mismatch(elements) == -1).isPresent()) {
      return new Block.AsPredicted();
    }
    Block stored = new Block.Stored(elements);
    return FloatOrder.of(run.tensor.type())
        .map(order -> {
          int[] values = new int[run.count];
          Numbers.read(order, run.tensor, run.from, values);
          int[] predictions = new int[run.count];
          Numbers.predict(order, run.tensor.type(), predictor, run.from, predictions);
          return (Block) ResidualCoder.encode(order, values, predictions);
        })
        .filter(coded -> coded.size() < stored.size())
        .orElse(stored);
  }

  private static void restore(Block block, @Nullable TensorView predictor, Run out) {
    switch (block) {
      case Block.AsPredicted() ->
          out.elements().copyFrom(out.elementsIn(predictor).orElseThrow(LosslessTensor::unfit));
      case Block.Stored(MemorySegment elements) -> out.elements().copyFrom(elements);
      case Block.Coded coded -> {
        FloatOrder order = FloatOrder.of(out.tensor.type()).orElseThrow(LosslessTensor::unfit);
        int[] numbers = new int[out.count];
        Numbers.predict(order, out.tensor.type(), predictor, out.from, numbers);
        ResidualCoder.decode(order, coded, numbers);
        Numbers.write(order, numbers, out.tensor.data(), out.from);
      }
    }
  }

  private static IllegalArgumentException unfit() {
    return new IllegalArgumentException("a block of a kind that this tensor cannot have");
  }

  /** Every block, having checked that they lie in {@code coded} and that nothing else does. */
  private static List<Block> read(String name, MemorySegment coded, TensorView out) {
    List<Block> blocks = new ArrayList<>();
    try {
      long at = Integer.BYTES;
      for (int index = 0; index < blocks(out); index++) {
        Block block = Block.read(coded, at, Run.of(out, index).elements().byteSize());
        blocks.add(block);
        at += block.size();
      }
      if (at != coded.byteSize()) {
        throw new IllegalArgumentException(
            "found %d bytes, wanted %d".formatted(coded.byteSize(), at));
      }
      return blocks;
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw damaged(name, e);
    }
  }

  private static TributaryException damaged(String name, RuntimeException cause) {
    return new TributaryException(
        ErrorCode.DELTA_FORMAT,
        "lossless tensor %s is damaged: %s; fetch the file again"
            .formatted(Quoted.of(name), cause.getMessage()),
        cause);
  }

  private static int blocks(TensorView tensor) {
    return Math.toIntExact(Math.ceilDiv(tensor.shape().elements(), (long) BLOCK_ELEMENTS));
  }

  private static void requireFit(TensorView tensor, @Nullable TensorView predictor) {
    if (predictor != null && predictor.shape().elements() > tensor.shape().elements()) {
      throw new IllegalArgumentException(
          "predictor of shape %s for a tensor of shape %s: it may not have more elements"
              .formatted(predictor.shape(), tensor.shape()));
    }
  }

  private static int checksum(MemorySegment data) {
    CRC32C checksum = new CRC32C();
    byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, data.byteSize())];
    for (long from = 0; from < data.byteSize(); from += chunk.length) {
      int count = (int) Math.min(chunk.length, data.byteSize() - from);
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, from, chunk, 0, count);
      checksum.update(chunk, 0, count);
    }
    return (int) checksum.getValue();
  }
}
