package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tributary.tensor.format.SparseCodes;

/**
 * A matrix of 2:4 codes. Those of more than four bits are two planes: the upper bits, then four.
 */
final class SparsePart implements TenantPart {
  private static final int STEP_INPUTS = 32;
  private static final int PLANE_BITS = 4;
  private static final int TWICE_ZERO_END = 32;

  private final SparseCodes code;
  private final Placement at;
  private final boolean scalesBase;
  private final List<Plane> planes;
  private final int groupLog;
  private final long codes;
  private final long scales;
  private final long groups;

  /**
   * Some bits of all codes, on the device.
   *
   * @param shift of a code's bits, the lowest of this plane
   * @param bits that its tiles have for each
   * @param twiceZero what is taken from twice the plane's bits
   */
  record Plane(int shift, int bits, int twiceZero) {}

  private SparsePart(
      Uploader uploader, DeviceArena arena, SparseCodes code, float[] factors, Placement at) {
    this.code = code;
    this.at = at;
    this.scalesBase = factors.length > 0;
    this.planes = planes(code).orElseThrow();
    this.groupLog = groupLog(code).orElseThrow();
    long planeBytes = Tiles.sparseBytes(code.rows(), code.columns(), planes.getFirst().bits);
    this.codes = arena.allocate(planes.size() * planeBytes);
    uploader.sparse(codes, code, planes);
    boolean grouped = code.groupColumns() < code.columns();
    float[] values = new float[(planes.size() + 1) * code.rows()];
    System.arraycopy(factors, 0, values, planes.size() * code.rows(), factors.length);
    for (int plane = 0; plane < planes.size(); plane++) {
      float weight = weight(plane);
      for (int row = 0; row < code.rows(); row++) {
        values[plane * code.rows() + row] = grouped ? weight : weight * code.scales()[row];
      }
    }
    this.scales = arena.allocate((long) values.length * Float.BYTES);
    uploader.bytes(scales, MemorySegment.ofArray(values));
    float[] ofGroups = grouped ? ofGroups() : new float[0];
    this.groups = grouped ? arena.allocate((long) ofGroups.length * Float.BYTES) : 0;
    uploader.bytes(groups, MemorySegment.ofArray(ofGroups));
  }

  /**
   * @param factors of the base's rows; empty where all are 1
   * @param at where the rows lie among the projection's outputs; interleaved ones belong to a
   *     projection whose other matrix has a part as well
   */
  static SparsePart load(
      Uploader uploader, DeviceArena arena, SparseCodes code, float[] factors, Placement at) {
    return new SparsePart(uploader, arena, code, factors, at);
  }

  /** True when the kernels take such codes. */
  static boolean serves(SparseCodes code) {
    return code.columns() % Byte.SIZE == 0
        && planes(code).isPresent()
        && groupLog(code).isPresent();
  }

  /** Half of what one of the plane's units is worth, since kernels compute with twice the code. */
  private float weight(int plane) {
    return 0.5f * (1 << planes.get(plane).shift);
  }

  /** [planes, groups, rows]. */
  private float[] ofGroups() {
    int count = Math.ceilDiv(code.columns(), code.groupColumns());
    float[] all = new float[Math.multiplyExact(planes.size() * count, code.rows())];
    for (int plane = 0; plane < planes.size(); plane++) {
      for (int group = 0; group < count; group++) {
        for (int row = 0; row < code.rows(); row++) {
          all[(plane * count + group) * code.rows() + row] = code.scales()[row * count + group];
        }
      }
    }
    return all;
  }

  /** Planes whose twice zeros are whole and small; none where there are no such. */
  private static Optional<List<Plane>> planes(SparseCodes code) {
    int twiceZero = Math.round(2 * code.zero());
    List<Plane> found = new ArrayList<>();
    int rest = twiceZero;
    if (code.bits() > PLANE_BITS) {
      int upper = Math.clamp(rest >> PLANE_BITS, 0, TWICE_ZERO_END - 1);
      found.add(new Plane(PLANE_BITS, PLANE_BITS, upper));
      rest -= upper << PLANE_BITS;
    }
    found.add(new Plane(0, code.bits() <= 2 ? 2 : PLANE_BITS, rest));
    boolean fits = 2 * code.zero() == twiceZero && rest >= 0 && rest < TWICE_ZERO_END;
    return fits ? Optional.of(found) : Optional.empty();
  }

  /** How often a group doubles a step of the kernels; 0 where it is a whole row. */
  private static Optional<Integer> groupLog(SparseCodes code) {
    if (code.groupColumns() >= code.columns()) {
      return Optional.of(0);
    }
    boolean fits = Integer.bitCount(code.groupColumns()) == 1 && code.groupColumns() >= STEP_INPUTS;
    return fits
        ? Optional.of(Integer.numberOfTrailingZeros(code.groupColumns() / STEP_INPUTS))
        : Optional.empty();
  }

  @Override
  public ProjectionLayout.Part part() {
    return new ProjectionLayout.Part(
        new ProjectionLayout.Kind.Sparse(planes, groups, groupLog, at.interleaved()),
        codes,
        scales,
        scalesBase,
        at.first(),
        at.extent(code.rows()));
  }
}
