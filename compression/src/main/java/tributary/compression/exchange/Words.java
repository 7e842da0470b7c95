package tributary.compression.exchange;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;

/**
 * A matrix of 32-bit words [lines, words] that hold small unsigned numbers, the first in the lowest
 * bits.
 */
final class Words {
  private static final ValueLayout.OfInt WORD =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final TensorView words;
  private final long perLine;
  private final int bits;

  private Words(TensorView words, int bits) {
    this.words = words;
    this.perLine = words.shape().dimension(1);
    this.bits = bits;
  }

  /** The tensor, if it has this shape; {@code name} is for complaints. */
  static Words of(String name, TensorView tensor, Shape wanted, int bits) {
    requireShape(name, tensor, DType.I32, wanted);
    return new Words(tensor, bits);
  }

  static void requireShape(String name, TensorView tensor, DType type, Shape wanted) {
    if (tensor.type() != type || !tensor.shape().equals(wanted)) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "%s: found %s %s, wanted %s %s"
              .formatted(name, tensor.type(), tensor.shape(), type, wanted));
    }
  }

  /** Words that a stream of {@code count} numbers of {@code bits} bits takes. */
  static long length(long count, int bits) {
    return Math.ceilDiv(Math.multiplyExact(count, (long) bits), (long) Integer.SIZE);
  }

  /** Number {@code index} of the stream that runs down through word {@code word} of every line. */
  int down(int word, int index) {
    long bit = (long) index * bits;
    return stream((bit / Integer.SIZE) * perLine + word, perLine, (int) (bit % Integer.SIZE));
  }

  /** Number {@code index} of the stream that runs along line {@code line}. */
  int along(int line, int index) {
    long bit = (long) index * bits;
    return stream(line * perLine + bit / Integer.SIZE, 1, (int) (bit % Integer.SIZE));
  }

  /** Number {@code place}, counted from the lowest bits, of one word. */
  int in(int line, int word, int place) {
    return words.data().getAtIndex(WORD, line * perLine + word) >>> (place * bits) & mask();
  }

  private int stream(long at, long step, int shift) {
    int number = words.data().getAtIndex(WORD, at) >>> shift;
    if (shift + bits > Integer.SIZE) {
      number |= words.data().getAtIndex(WORD, at + step) << (Integer.SIZE - shift);
    }
    return number & mask();
  }

  private int mask() {
    return (1 << bits) - 1;
  }
}
