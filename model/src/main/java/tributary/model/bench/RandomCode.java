package tributary.model.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tributary.model.network.Network;
import tributary.model.network.Parameter;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.GroupStatistics;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.LowRank;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.SparseCodes;
import tributary.tensor.format.VectorCodes;

/**
 * Random codes of any kind and size, for measuring speed: bytes that are of no use, in the layout
 * of a delta file.
 *
 * @param size planes of signs or look-ups, bits of a 2:4 or grouped code, rows of a vector, or rank
 */
public record RandomCode(Kind kind, int size) {
  private static final float SCALE = 1e-4f;
  private static final int GROUP_COLUMNS = 128;
  private static final int BLOCK_BYTES = 1 << 22;
  private static final int[] PATTERNS = {4, 8, 9, 12, 13, 14};

  /** What codes there are, named after the codecs that write them. */
  public enum Kind {
    SIGN_PLANES("sign-planes", 1, 8),
    VECTOR_CODES("vector-codes", 1, 16),
    DELTAZIP("deltazip", 1, 8),
    UNIFORM("uniform", 1, 8),
    ANY_PRECISION("any-precision", 1, 8),
    LORA("lora", 1, 512);

    private final String codec;
    private final int least;
    private final int most;

    Kind(String codec, int least, int most) {
      this.codec = codec;
      this.least = least;
      this.most = most;
    }

    /** As commands name it. */
    public String codec() {
      return codec;
    }

    /**
     * @throws TributaryException {@code usage} naming those there are
     */
    public static Kind named(String codec) {
      return Arrays.stream(values())
          .filter(kind -> kind.codec.equals(codec))
          .findFirst()
          .orElseThrow(() ->
              new TributaryException(
                  ErrorCode.USAGE,
                  "codec %s: random deltas are of %s"
                      .formatted(
                          Quoted.of(codec),
                          Stream.of(values()).map(Kind::codec).collect(Collectors.joining(", ")))));
    }
  }

  public RandomCode {
    if (size < kind.least || size > kind.most) {
      throw TributaryException.parameter("size of " + kind.codec, size, kind.least, kind.most);
    }
  }

  /** A code whose memory is the arena's. */
  public MatrixCode make(int rows, int columns, SplittableRandom random, Arena arena) {
    return switch (kind) {
      case SIGN_PLANES -> {
        List<SignPlanes.Plane> planes = new ArrayList<>();
        for (int plane = 0; plane < size; plane++) {
          planes.add(
              new SignPlanes.Plane(
                  bits(rows, columns, random, arena), filled(rows, SCALE / (1 << plane))));
        }
        yield new SignPlanes(rows, columns, planes);
      }
      case VECTOR_CODES -> {
        float[] codebook = new float[256 * size];
        for (int i = 0; i < codebook.length; i++) {
          codebook[i] = (float) random.nextDouble(-1, 1);
        }
        int bands = Math.ceilDiv(rows, size);
        yield new VectorCodes(
            rows,
            columns,
            size,
            bytes((long) bands * columns, random, arena),
            codebook,
            filled(rows, SCALE));
      }
      case DELTAZIP ->
          new SparseCodes(
              rows,
              columns,
              size,
              1 << (size - 1),
              columns,
              patterns(rows, columns, random, arena),
              bytes(SparseCodes.codeBytes(rows, columns, size), random, arena),
              filled(rows, SCALE));
      case UNIFORM -> {
        int groupColumns = Math.min(GROUP_COLUMNS, columns);
        int groups = Math.ceilDiv(columns, groupColumns);
        yield new GroupedCodes(
            rows,
            columns,
            size,
            groupColumns,
            bytes(GroupedCodes.codeBytes(rows, columns, size), random, arena),
            new GroupStatistics.Plain(
                groups, filled(rows * groups, SCALE), new float[] {1 << (size - 1)}));
      }
      case ANY_PRECISION -> {
        List<MemorySegment> planes = new ArrayList<>();
        List<float[]> tables = new ArrayList<>();
        for (int plane = 0; plane < size; plane++) {
          planes.add(bits(rows, columns, random, arena));
          float[] table = new float[rows << (plane + 1)];
          for (int i = 0; i < table.length; i++) {
            table[i] = SCALE * (i % (2 << plane));
          }
          tables.add(table);
        }
        yield new LookupPlanes(rows, columns, planes, tables);
      }
      case LORA -> new LowRank(halves(rows, size, random), halves(size, columns, random), 1);
    };
  }

  /** Differences to every matrix of a network but embeddings and head, for one tenant. */
  public Map<String, DeltaTensor> differences(Network network, Arena arena) {
    SplittableRandom random = new SplittableRandom(1);
    Map<String, DeltaTensor> tensors = new TreeMap<>();
    for (Parameter parameter : network.parameters().all()) {
      if (parameter instanceof Parameter.Matrix matrix && !matrix.vocabulary()) {
        MatrixCode code = make(matrix.rows(), matrix.columns(), random, arena);
        tensors.put(matrix.name(), new DeltaTensor.Coded(code, null, null));
      }
    }
    return tensors;
  }

  /** Bytes of a matrix's codes, without scales. */
  long bytes(int rows, int columns) {
    long elements = (long) rows * columns;
    return switch (kind) {
      case SIGN_PLANES, UNIFORM, ANY_PRECISION -> elements * size / Byte.SIZE;
      case VECTOR_CODES -> elements / size;
      case DELTAZIP -> elements * (2 + size) / (2 * Byte.SIZE);
      case LORA -> (long) Short.BYTES * size * ((long) rows + columns);
    };
  }

  private static float[] filled(int count, float value) {
    float[] values = new float[count];
    Arrays.fill(values, value);
    return values;
  }

  private static TensorView halves(int rows, int columns, SplittableRandom random) {
    byte[] values = new byte[rows * columns * Short.BYTES];
    random.nextBytes(values);
    for (int i = 1; i < values.length; i += Short.BYTES) {
      values[i] = (byte) ((values[i] & 0x80) | 0x3C);
    }
    return new TensorView(DType.BF16, Shape.of(rows, columns), MemorySegment.ofArray(values));
  }

  /** A plane of bits; those past the last column are zero. */
  private static MemorySegment bits(int rows, int columns, SplittableRandom random, Arena arena) {
    MemorySegment plane = bytes(SignPlanes.planeBytes(rows, columns).count(), random, arena);
    int words = SignPlanes.wordsPerRow(columns);
    if (columns % Long.SIZE != 0) {
      long kept = (1L << columns) - 1;
      for (long word = words - 1L; word < (long) rows * words; word += words) {
        long bits = plane.getAtIndex(ValueLayout.JAVA_LONG, word);
        plane.setAtIndex(ValueLayout.JAVA_LONG, word, bits & kept);
      }
    }
    return plane;
  }

  private static MemorySegment patterns(
      int rows, int columns, SplittableRandom random, Arena arena) {
    MemorySegment patterns = bytes(SparseCodes.patternBytes(rows, columns), random, arena);
    for (long i = 0; i < patterns.byteSize(); i++) {
      int drawn = patterns.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
      int pair = PATTERNS[drawn % 6] | (PATTERNS[drawn / 6 % 6] << 4);
      patterns.set(ValueLayout.JAVA_BYTE, i, (byte) pair);
    }
    return patterns;
  }

  /** A block of random bytes, over and over. */
  private static MemorySegment bytes(long count, SplittableRandom random, Arena arena) {
    MemorySegment all = arena.allocate(count, Long.BYTES);
    byte[] block = new byte[(int) Math.min(count, BLOCK_BYTES)];
    random.nextBytes(block);
    for (long at = 0; at < count; at += block.length) {
      MemorySegment.copy(
          MemorySegment.ofArray(block), 0, all, at, Math.min(block.length, count - at));
    }
    return all;
  }
}
