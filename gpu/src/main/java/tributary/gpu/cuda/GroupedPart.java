package tributary.gpu.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.tiles.GroupedTiles;

/**
 * A matrix of grouped codes, each 16 stored columns with a scale and a zero in fp16; scales are
 * relative to the row's largest. Codes of more than four bits are two planes: the upper bits, then
 * four.
 */
final class GroupedPart implements TenantPart {
  private static final int GROUP = 16;
  private static final int PLANE_BITS = 4;

  /** Zeros whose doubles fp16 has to an eighth. */
  private static final int ZERO_MAX = 256;

  private static final int EXTRA_ADDRESSES = 4;

  private final GroupedCodes code;
  private final Placement at;
  private final boolean scalesBase;
  private final int planes;
  private final long codes;
  private final long scales;
  private final long extra;

  /**
   * Some bits of all codes.
   *
   * @param shift of a code's bits, the lowest of this plane
   * @param bits that its tiles have for each
   * @param statistics [rows, groups]: fp16 scale, and in the upper half twice the zero
   */
  @SuppressWarnings("ArrayRecordComponent") // What is uploaded.
  record Plane(int shift, int bits, int[] statistics) {}

  private GroupedPart(
      Uploader uploader, DeviceArena arena, GroupedCodes code, float[] factors, Placement at) {
    this.code = code;
    this.at = at;
    this.scalesBase = factors.length > 0;
    this.planes = code.bits() > PLANE_BITS ? 2 : 1;
    int bits = bits(code);
    float[] values = new float[(planes + 1) * code.rows()];
    List<Plane> all = planes(code, values);
    System.arraycopy(factors, 0, values, planes * code.rows(), factors.length);
    this.codes = arena.allocate(planes * Tiles.groupedBytes(code.rows(), code.columns(), bits));
    uploader.grouped(codes, code, all);
    this.scales = arena.allocate((long) values.length * Float.BYTES);
    uploader.bytes(scales, MemorySegment.ofArray(values));
    this.extra = extra(uploader, arena, code);
  }

  /**
   * @param factors of the base's rows; empty where all are 1
   * @param at where the rows lie among the projection's outputs; interleaved ones belong to a
   *     projection whose other matrix has a part as well
   */
  static GroupedPart load(
      Uploader uploader, DeviceArena arena, GroupedCodes code, float[] factors, Placement at) {
    return new GroupedPart(uploader, arena, code, factors, at);
  }

  /** True when the kernels take such codes. */
  static boolean serves(GroupedCodes code) {
    boolean groups = code.groupColumns() % GROUP == 0 || code.groupColumns() == code.columns();
    return code.columns() % Byte.SIZE == 0
        && groups
        && code.columns() <= GroupedTiles.COLUMNS_MAX
        && IntStream.range(0, code.outliers().count())
            .allMatch(i -> isHalf(code.outliers().values()[i]))
        && IntStream.range(0, code.rows()).parallel().allMatch(row -> hasSmallZeros(code, row));
  }

  private static boolean isHalf(float value) {
    return Float.float16ToFloat(Float.floatToFloat16(value)) == value;
  }

  private static boolean hasSmallZeros(GroupedCodes code, int row) {
    for (int group = 0; group < groups(code); group++) {
      float zero = code.statistics().zero(row, group);
      if (!(Math.abs(zero) <= ZERO_MAX)) {
        return false;
      }
    }
    return true;
  }

  private static int groups(GroupedCodes code) {
    return Math.ceilDiv(code.columns(), code.groupColumns());
  }

  private static int bits(GroupedCodes code) {
    return code.bits() <= 2 ? 2 : PLANE_BITS;
  }

  /**
   * Planes, and what their rows are multiplied by: half, since kernels compute with twice the code.
   */
  private static List<Plane> planes(GroupedCodes code, float[] values) {
    List<Plane> found = new ArrayList<>();
    int groups = groups(code);
    int count = Math.multiplyExact(code.rows(), groups);
    boolean two = code.bits() > PLANE_BITS;
    if (two) {
      found.add(new Plane(PLANE_BITS, PLANE_BITS, new int[count]));
    }
    found.add(new Plane(0, bits(code), new int[count]));
    IntStream.range(0, code.rows())
        .parallel()
        .forEach(row -> {
          float[] rowScales = new float[groups];
          float[] zeros = new float[groups];
          code.statistics().readRow(row, rowScales, zeros);
          float most = 0;
          for (float scale : rowScales) {
            most = Math.max(most, Math.abs(scale));
          }
          float unit = most == 0 ? 1 : most;
          for (int group = 0; group < groups; group++) {
            float scale = rowScales[group] / unit;
            int upper = two ? (int) Math.floor(zeros[group] / (1 << PLANE_BITS)) : 0;
            float rest = zeros[group] - (upper << PLANE_BITS);
            if (two) {
              found.getFirst().statistics[row * groups + group] = halves(scale, 2 * upper);
            }
            found.getLast().statistics[row * groups + group] = halves(scale, 2 * rest);
          }
          for (int plane = 0; plane < found.size(); plane++) {
            values[plane * code.rows() + row] = 0.5f * unit * (1 << found.get(plane).shift);
          }
        });
    return found;
  }

  private static int halves(float low, float high) {
    return Short.toUnsignedInt(Float.floatToFloat16(low))
        | Float.floatToFloat16(high) << Short.SIZE;
  }

  /** {@code GroupedExtra} of {@code step.cuh}. */
  private static long extra(Uploader uploader, DeviceArena arena, GroupedCodes code) {
    long[] addresses = new long[EXTRA_ADDRESSES];
    int[] order = code.order();
    if (order != null) {
      short[] columns = new short[order.length];
      short[] positions = new short[order.length];
      for (int position = 0; position < order.length; position++) {
        columns[position] = (short) order[position];
        positions[order[position]] = (short) position;
      }
      addresses[0] = bytes(uploader, arena, MemorySegment.ofArray(columns));
      addresses[1] = bytes(uploader, arena, MemorySegment.ofArray(positions));
    }
    if (code.outliers().count() > 0) {
      addresses[2] =
          bytes(uploader, arena, MemorySegment.ofArray(GroupedTiles.outlierOffsets(code)));
      addresses[3] = bytes(uploader, arena, MemorySegment.ofArray(GroupedTiles.outlierWords(code)));
    }
    try (Arena host = Arena.ofConfined()) {
      return bytes(uploader, arena, host.allocateFrom(ValueLayout.JAVA_LONG, addresses));
    }
  }

  private static long bytes(Uploader uploader, DeviceArena arena, MemorySegment from) {
    long address = arena.allocate(from.byteSize());
    uploader.bytes(address, from);
    return address;
  }

  @Override
  public ProjectionLayout.Part part() {
    return new ProjectionLayout.Part(
        new ProjectionLayout.Kind.Grouped(planes, bits(code), extra, at.interleaved()),
        codes,
        scales,
        scalesBase,
        at.first(),
        at.extent(code.rows()));
  }
}
