package tributary.compression.exchange;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import java.util.function.IntBinaryOperator;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;

/** Packs numbers as the published formats say, a bit at a time. */
final class Packing {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Packing() {}

  /** Streams down the columns: number (i, n) of {@code count x width} starts at bit b i. */
  static TensorView down(int count, int width, int bits, IntBinaryOperator number) {
    int lines = Math.ceilDiv(count * bits, 32);
    int[] words = new int[lines * width];
    for (int n = 0; n < width; n++) {
      for (int i = 0; i < count; i++) {
        for (int bit = 0; bit < bits; bit++) {
          int at = i * bits + bit;
          words[at / 32 * width + n] |= (number.applyAsInt(i, n) >> bit & 1) << (at % 32);
        }
      }
    }
    return words(Shape.of(lines, width), words);
  }

  /** Streams along the lines: number (l, i) starts at bit b i of its line. */
  static TensorView along(int lines, int count, int bits, IntBinaryOperator number) {
    int perLine = Math.ceilDiv(count * bits, 32);
    int[] words = new int[lines * perLine];
    for (int line = 0; line < lines; line++) {
      for (int i = 0; i < count; i++) {
        for (int bit = 0; bit < bits; bit++) {
          int at = i * bits + bit;
          words[line * perLine + at / 32] |= (number.applyAsInt(line, i) >> bit & 1) << (at % 32);
        }
      }
    }
    return words(Shape.of(lines, perLine), words);
  }

  static TensorView words(Shape shape, int... words) {
    MemorySegment data = MemorySegment.ofArray(new byte[words.length * 4]);
    for (int i = 0; i < words.length; i++) {
      data.setAtIndex(INT, i, words[i]);
    }
    return new TensorView(DType.I32, shape, data);
  }

  static TensorView longs(long... values) {
    MemorySegment data = MemorySegment.ofArray(new byte[values.length * 8]);
    for (int i = 0; i < values.length; i++) {
      data.setAtIndex(
          ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), i, values[i]);
    }
    return new TensorView(DType.I64, Shape.of(values.length), data);
  }

  static TensorView bytes(int rows, int columns, IntBinaryOperator number) {
    byte[] bytes = new byte[rows * columns];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) number.applyAsInt(i / columns, i % columns);
    }
    return new TensorView(DType.I8, Shape.of(rows, columns), MemorySegment.ofArray(bytes));
  }

  /** Random numbers in [from, to), the same for the same place. */
  static int[][] numbers(SplittableRandom random, int lines, int count, int from, int to) {
    int[][] numbers = new int[lines][count];
    for (int[] row : numbers) {
      for (int i = 0; i < count; i++) {
        row[i] = random.nextInt(from, to);
      }
    }
    return numbers;
  }

  /** Random scales that F16 holds exactly. */
  static float[][] scales(SplittableRandom random, int lines, int count) {
    float[][] scales = new float[lines][count];
    for (float[] row : scales) {
      for (int i = 0; i < count; i++) {
        row[i] = (1 + random.nextInt(64)) * 0x1p-12f;
      }
    }
    return scales;
  }

  static TensorView floats(float[]... rows) {
    float[] all = new float[rows.length * rows[0].length];
    for (int i = 0; i < all.length; i++) {
      all[i] = rows[i / rows[0].length][i % rows[0].length];
    }
    return TensorView.of(Shape.of(rows.length, rows[0].length), all);
  }
}
