package tributary.tensor.format;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;

/** Random codes of every kind, all from one seed. */
public final class RandomCodes {
  /** Every kind, and the variants within it. */
  public enum Kind {
    SIGNS,
    NARROW_SIGNS,
    SPARSE,
    GROUPED,
    BILEVEL,
    ORDERED_WITH_OUTLIERS,
    LOOKUP,
    VECTOR,
    LOW_RANK
  }

  private final SplittableRandom random;
  private final double magnitude;

  /** Codes whose elements are about 1 at most. */
  public RandomCodes(SplittableRandom random) {
    this(random, 1);
  }

  /**
   * @param magnitude about which elements are at most
   */
  public RandomCodes(SplittableRandom random, double magnitude) {
    this.random = random;
    this.magnitude = magnitude;
  }

  /** A code of any kind that a matrix of this size can have. */
  public MatrixCode any(int rows, int columns) {
    Kind[] kinds = Kind.values();
    Kind kind = kinds[random.nextInt(kinds.length)];
    return kind == Kind.SPARSE && columns % 4 != 0
        ? of(Kind.GROUPED, rows, columns)
        : of(kind, rows, columns);
  }

  public MatrixCode of(Kind kind, int rows, int columns) {
    return switch (kind) {
      case SIGNS -> signs(rows, columns, 1 + random.nextInt(4), false);
      case NARROW_SIGNS -> signs(rows, columns, 2 + random.nextInt(3), true);
      case SPARSE -> sparse(rows, columns);
      case GROUPED -> grouped(rows, columns, false);
      case BILEVEL -> bilevel(rows, columns);
      case ORDERED_WITH_OUTLIERS -> grouped(rows, columns, true);
      case LOOKUP -> lookup(rows, columns, 1 + random.nextInt(4));
      case VECTOR -> vector(rows, columns);
      case LOW_RANK -> lowRank(rows, columns, 1 + random.nextInt(20));
    };
  }

  public SignPlanes signs(int rows, int columns, int planes, boolean narrow) {
    List<SignPlanes.Plane> all = new ArrayList<>();
    for (int plane = 0; plane < planes; plane++) {
      all.add(new SignPlanes.Plane(bits(rows, columns), scales(rows, plane)));
    }
    List<List<float[]>> narrowScales = new ArrayList<>();
    for (int width = 1; narrow && width < planes; width++) {
      List<float[]> scales = new ArrayList<>();
      for (int plane = 0; plane < width; plane++) {
        scales.add(scales(rows, plane));
      }
      narrowScales.add(scales);
    }
    return new SignPlanes(rows, columns, all, narrowScales);
  }

  private float[] scales(int rows, int plane) {
    return values(random.nextBoolean() ? rows : 1, magnitude * Math.scalb(0.5, -plane));
  }

  public SparseCodes sparse(int rows, int columns) {
    int bits = 1 + random.nextInt(8);
    int groupColumns = 4 * (1 + random.nextInt(columns / 4 + 1));
    byte[] patterns = patterns(rows, columns);
    float zero = random.nextInt(1 << bits) + (random.nextBoolean() ? 0.5f : 0);
    return sparse(rows, columns, bits, groupColumns, zero, patterns);
  }

  /** 2:4 codes as codecs write them: zero in the middle, groups of a power of two columns. */
  public SparseCodes sparse(int rows, int columns, int bits, boolean grouped) {
    float middle = (1 << bits) / 2f - (random.nextBoolean() ? 0.5f : 0);
    int groupColumns = grouped ? 32 << random.nextInt(3) : columns;
    return sparse(rows, columns, bits, groupColumns, middle, patterns(rows, columns));
  }

  private byte[] patterns(int rows, int columns) {
    byte[] patterns = new byte[(int) SparseCodes.patternBytes(rows, columns)];
    int bytesPerRow = patterns.length / rows;
    for (int row = 0; row < rows; row++) {
      for (int quadruple = 0; quadruple < columns / 4; quadruple++) {
        int second = 1 + random.nextInt(3);
        int pattern = SparseCodes.pattern(random.nextInt(second), second);
        patterns[row * bytesPerRow + quadruple / 2] |= (byte) (pattern << (quadruple % 2 * 4));
      }
    }
    return patterns;
  }

  private SparseCodes sparse(
      int rows, int columns, int bits, int groupColumns, float zero, byte[] patterns) {
    int groups = Math.ceilDiv(columns, groupColumns);
    return new SparseCodes(
        rows,
        columns,
        bits,
        zero,
        groupColumns,
        MemorySegment.ofArray(patterns),
        stream(rows, columns / 2, bits),
        values(rows * groups, magnitude / (1 << bits)));
  }

  public GroupedCodes grouped(int rows, int columns, boolean orderedWithOutliers) {
    int bits = 1 + random.nextInt(8);
    return grouped(rows, columns, bits, 1 + random.nextInt(columns), orderedWithOutliers);
  }

  /** As codecs write them: groups of some 16 columns, or of whole rows; outliers in fp16. */
  public GroupedCodes groupedBySixteens(int rows, int columns, boolean orderedWithOutliers) {
    int groupColumns = Math.min(columns, 16 << random.nextInt(5));
    GroupedCodes code =
        grouped(rows, columns, 1 + random.nextInt(8), groupColumns, orderedWithOutliers);
    float[] outliers = code.outliers().values();
    for (int i = 0; i < outliers.length; i++) {
      outliers[i] = Float.float16ToFloat(Float.floatToFloat16(outliers[i]));
    }
    return code;
  }

  private GroupedCodes grouped(
      int rows, int columns, int bits, int groupColumns, boolean orderedWithOutliers) {
    int groups = Math.ceilDiv(columns, groupColumns);
    GroupStatistics statistics =
        new GroupStatistics.Plain(
            groups,
            values(rows * groups, magnitude * 0.5 / (1 << bits)),
            values(random.nextBoolean() ? 1 : rows * groups, 1 << bits));
    return new GroupedCodes(
        rows,
        columns,
        bits,
        groupColumns,
        stream(rows, columns, bits),
        statistics,
        orderedWithOutliers ? order(columns) : null,
        orderedWithOutliers ? outliers(rows, columns) : GroupedCodes.Outliers.none(rows));
  }

  public GroupedCodes bilevel(int rows, int columns) {
    int bits = 1 + random.nextInt(4);
    int groupColumns = Math.min(16, columns);
    int groups = Math.ceilDiv(columns, groupColumns);
    int runRows = 1 + random.nextInt(16);
    int grids = groups * Math.ceilDiv(rows, runRows);
    float[] scaleGrids = new float[2 * grids];
    float[] zeroGrids = new float[2 * grids];
    for (int i = 0; i < grids; i++) {
      scaleGrids[2 * i] = (float) random.nextDouble(magnitude * 0.05 / (1 << bits));
      scaleGrids[2 * i + 1] = (float) random.nextDouble(-1, 1);
      zeroGrids[2 * i] = (float) random.nextDouble((1 << bits) / 16.0);
      zeroGrids[2 * i + 1] = (float) random.nextDouble(-1, 1);
    }
    return new GroupedCodes(
        rows,
        columns,
        bits,
        groupColumns,
        stream(rows, columns, bits),
        new GroupStatistics.Bilevel(
            rows,
            groups,
            3,
            runRows,
            stream(groups, rows, 3),
            stream(groups, rows, 3),
            scaleGrids,
            zeroGrids),
        null,
        GroupedCodes.Outliers.none(rows));
  }

  public LowRank lowRank(int rows, int columns, int rank) {
    float[] up = values(rows * rank, magnitude / Math.sqrt(rank));
    return new LowRank(
        TensorView.of(Shape.of(rows, rank), up),
        TensorView.of(Shape.of(rank, columns), values(rank * columns, 1)),
        0.75f);
  }

  public LookupPlanes lookup(int rows, int columns, int planes) {
    List<MemorySegment> all = new ArrayList<>();
    List<float[]> tables = new ArrayList<>();
    for (int plane = 0; plane < planes; plane++) {
      all.add(bits(rows, columns));
      tables.add(values(rows << (plane + 1), magnitude));
    }
    return new LookupPlanes(rows, columns, all, tables);
  }

  public VectorCodes vector(int rows, int columns) {
    return vector(rows, columns, 1 + random.nextInt(8));
  }

  public VectorCodes vector(int rows, int columns, int vectorRows) {
    byte[] indices = new byte[(int) VectorCodes.indexBytes(rows, columns, vectorRows)];
    random.nextBytes(indices);
    return new VectorCodes(
        rows,
        columns,
        vectorRows,
        MemorySegment.ofArray(indices),
        values(VectorCodes.VECTORS * vectorRows, 1),
        values(rows, magnitude));
  }

  /** One bit a column, unused ones 0. */
  private MemorySegment bits(int rows, int columns) {
    int words = SignPlanes.wordsPerRow(columns);
    long[] bits = new long[rows * words];
    for (int i = 0; i < bits.length; i++) {
      boolean last = i % words == words - 1 && columns % Long.SIZE != 0;
      bits[i] = random.nextLong() & (last ? (1L << columns % Long.SIZE) - 1 : -1);
    }
    return MemorySegment.ofArray(bits);
  }

  private MemorySegment stream(int rows, int codes, int bits) {
    long rowBytes = BitStream.bytes(codes, bits);
    MemorySegment stream = MemorySegment.ofArray(new byte[(int) (rows * rowBytes)]);
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < codes; i++) {
        BitStream.put(stream, row * rowBytes, i, bits, random.nextInt(1 << bits));
      }
    }
    return stream;
  }

  private int[] order(int columns) {
    int[] order = new int[columns];
    for (int i = 0; i < columns; i++) {
      int other = random.nextInt(i + 1);
      order[i] = order[other];
      order[other] = i;
    }
    return order;
  }

  private GroupedCodes.Outliers outliers(int rows, int columns) {
    int[] offsets = new int[rows + 1];
    List<Integer> found = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        if (random.nextInt(20) == 0) {
          found.add(column);
        }
      }
      offsets[row + 1] = found.size();
    }
    int[] columnsFound = found.stream().mapToInt(Integer::intValue).toArray();
    return new GroupedCodes.Outliers(
        offsets, columnsFound, values(columnsFound.length, magnitude * 0.5));
  }

  private float[] values(int count, double bound) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextDouble(-bound, bound);
    }
    return values;
  }
}
