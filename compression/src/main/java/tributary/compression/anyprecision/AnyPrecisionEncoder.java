package tributary.compression.anyprecision;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tributary.compression.LinearProblem;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.SignPlanes;

/**
 * Codes a difference at all widths from 1 to {@code widths} bits at once: per row, the code of
 * fewer bits is a prefix of the code of more.
 *
 * <p>At the seed width the clustering of a row is the best there is. Each further width halves
 * every cluster by its best cut; each lesser width joins neighbours. So the error is least at the
 * seed width, and other widths pay for being nested in it: choose the width that will be served
 * most.
 *
 * @param widths the most bits, 1 to 8
 * @param seedWidth 1 to {@code widths}
 */
public record AnyPrecisionEncoder(int widths, int seedWidth) {
  private static final int WIDTHS_MAX = 8;
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  public AnyPrecisionEncoder {
    if (widths < 1 || widths > WIDTHS_MAX) {
      throw TributaryException.parameter("bits", widths, 1, WIDTHS_MAX);
    }
    if (seedWidth < 1 || seedWidth > widths) {
      throw TributaryException.parameter("seed_bits", seedWidth, 1, widths);
    }
  }

  /**
   * Codes one linear's difference; rows in parallel.
   *
   * @param sensitivity weight of each element's squared error, of the difference's shape, not
   *     negative; null when all count the same, as do the elements of a row without any weight. No
   *     weight counts as less than a millionth of its row's mean
   * @param arena owns the planes; may be used by several threads
   */
  public LookupPlanes encode(LinearProblem problem, float @Nullable [] sensitivity, Arena arena) {
    float[] difference = problem.difference();
    requireUsable(problem, difference, sensitivity);
    long bytes = SignPlanes.planeBytes(problem.rows(), problem.columns()).count();
    List<MemorySegment> planes =
        Stream.generate(() -> arena.allocate(bytes, Long.BYTES)).limit(widths).toList();
    List<float[]> tables =
        IntStream.rangeClosed(1, widths)
            .mapToObj(width -> new float[problem.rows() << width])
            .toList();
    LookupPlanes coded = new LookupPlanes(problem.rows(), problem.columns(), planes, tables);
    IntStream.range(0, problem.rows())
        .parallel()
        .forEach(row -> encodeRow(row, difference, sensitivity, coded));
    requireStorable(problem, tables);
    return coded;
  }

  private void encodeRow(
      int row, float[] difference, float @Nullable [] sensitivity, LookupPlanes coded) {
    int from = row * coded.columns();
    int end = from + coded.columns();
    RowValues values =
        RowValues.of(
            Arrays.copyOfRange(difference, from, end),
            sensitivity == null ? null : Arrays.copyOfRange(sensitivity, from, end));
    int[][] borders = nested(values);
    for (int width = 1; width <= widths; width++) {
      fillTable(coded.tables().get(width - 1), row << width, values, borders[width - 1]);
    }
    pack(values, borders[widths - 1], row, coded);
  }

  /** The clustering of each width, from 1 on. */
  private int[][] nested(RowValues values) {
    int[][] borders = new int[widths][];
    borders[seedWidth - 1] = Clusters.best(values, 1 << seedWidth);
    for (int width = seedWidth - 1; width >= 1; width--) {
      borders[width - 1] = Clusters.join(borders[width]);
    }
    for (int width = seedWidth + 1; width <= widths; width++) {
      borders[width - 1] = Clusters.split(values, borders[width - 2]);
    }
    return borders;
  }

  /** Means of the clusters, as fp16 holds them. An empty one has that of its lower neighbour. */
  private static void fillTable(float[] table, int first, RowValues values, int[] borders) {
    for (int cluster = 0; cluster < borders.length - 1; cluster++) {
      table[first + cluster] =
          borders[cluster] < borders[cluster + 1]
              ? half(values.mean(borders[cluster], borders[cluster + 1]))
              : table[first + cluster - 1];
    }
  }

  private static float half(double value) {
    return Float.float16ToFloat(Float.floatToFloat16((float) value));
  }

  private void pack(RowValues values, int[] borders, int row, LookupPlanes coded) {
    int[] codes = new int[values.count()];
    for (int cluster = 0; cluster < borders.length - 1; cluster++) {
      Arrays.fill(codes, borders[cluster], borders[cluster + 1], cluster);
    }
    int words = SignPlanes.wordsPerRow(coded.columns());
    for (int word = 0; word < words; word++) {
      long[] bits = new long[widths];
      int first = word * Long.SIZE;
      for (int t = 0; t < Math.min(Long.SIZE, coded.columns() - first); t++) {
        int code = codes[values.valueOfColumn(first + t)];
        for (int plane = 0; plane < widths; plane++) {
          bits[plane] |= (long) (code >>> (widths - 1 - plane) & 1) << t;
        }
      }
      for (int plane = 0; plane < widths; plane++) {
        coded.planes().get(plane).setAtIndex(WORD, (long) row * words + word, bits[plane]);
      }
    }
  }

  private static void requireUsable(
      LinearProblem problem, float[] difference, float @Nullable [] sensitivity) {
    for (float value : difference) {
      if (!Float.isFinite(value)) {
        throw unusable(problem, "base or fine-tune holds values that are not finite");
      }
    }
    if (sensitivity == null) {
      return;
    }
    if (sensitivity.length != difference.length) {
      throw new IllegalArgumentException(
          "sensitivity of %s: found %d values, wanted %d x %d"
              .formatted(problem.name(), sensitivity.length, problem.rows(), problem.columns()));
    }
    for (float value : sensitivity) {
      if (!(value >= 0) || !Float.isFinite(value)) {
        throw new IllegalArgumentException(
            "sensitivity of %s: found %s, wanted numbers from 0 on"
                .formatted(problem.name(), value));
      }
    }
  }

  private static void requireStorable(LinearProblem problem, List<float[]> tables) {
    for (float[] table : tables) {
      for (float value : table) {
        if (!Float.isFinite(value)) {
          throw unusable(problem, "base and fine-tune differ by more than fp16 can hold");
        }
      }
    }
  }

  private static TributaryException unusable(LinearProblem problem, String why) {
    return new TributaryException(
        ErrorCode.INCOMPATIBLE_MODELS, "tensor %s: %s".formatted(Quoted.of(problem.name()), why));
  }
}
