package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import tributary.tensor.format.LookupPlanes;

/**
 * A matrix whose weights its rows' tables say, in bf16, of up to four planes. All planes lie on the
 * device; as many are read as the width that is set has.
 */
final class LookupPart implements TenantPart {
  static final int PLANES_MAX = 4;

  /** Of a row: upper bytes of 16 numbers, then lower ones. */
  private static final int TABLE_BYTES = 32;

  private final Uploader uploader;
  private final CudaDelta.Coded delta;
  private final Placement at;
  private final long codes;
  private final long scales;
  private final long tables;
  private int width;

  private LookupPart(
      Uploader uploader, DeviceArena arena, CudaDelta.Coded delta, LookupPlanes all, Placement at) {
    this.uploader = uploader;
    this.delta = delta;
    this.at = at;
    int rows = all.rows();
    long planeBytes = Tiles.signBytes(rows, all.columns());
    this.codes = arena.allocate(all.widths() * planeBytes);
    for (int plane = 0; plane < all.widths(); plane++) {
      uploader.lookup(codes + plane * planeBytes, rows, all.columns(), all.planes().get(plane));
    }
    float[] values = new float[2 * rows];
    float[] factors = delta.baseFactors();
    if (factors != null) {
      System.arraycopy(factors, 0, values, rows, rows);
    }
    this.scales = arena.allocate((long) values.length * Float.BYTES);
    uploader.bytes(scales, MemorySegment.ofArray(values));
    this.tables = arena.allocate((long) Tiles.count(rows) * Tiles.OUTPUTS * TABLE_BYTES);
    refresh();
  }

  /**
   * @param all the delta's code, of all planes
   * @param at where the rows lie among the projection's outputs; interleaved ones belong to a
   *     projection whose other matrix has a part as well
   */
  static LookupPart load(
      Uploader uploader, DeviceArena arena, CudaDelta.Coded delta, LookupPlanes all, Placement at) {
    return new LookupPart(uploader, arena, delta, all, at);
  }

  /** True when the kernels take such codes. */
  static boolean serves(LookupPlanes code) {
    return code.columns() % Byte.SIZE == 0 && code.widths() <= PLANES_MAX;
  }

  @Override
  public ProjectionLayout.Part part() {
    int rows = delta.codedRows();
    return new ProjectionLayout.Part(
        new ProjectionLayout.Kind.Lookup(width, tables, at.interleaved()),
        codes,
        scales,
        delta.baseFactors() != null,
        at.first(),
        at.extent(rows));
  }

  @Override
  public boolean hasWidths() {
    return delta.widths() > 1;
  }

  @Override
  public void refresh() {
    width = delta.width();
    LookupPlanes current = (LookupPlanes) delta.tensor().code();
    float[] own = current.tables().getLast();
    byte[] bytes = new byte[Tiles.count(current.rows()) * Tiles.OUTPUTS * TABLE_BYTES];
    for (int row = 0; row < current.rows(); row++) {
      for (int index = 0; index < 1 << width; index++) {
        // Plane 0 is a code's most significant bit, and the kernel's least.
        int code = Integer.reverse(index) >>> (Integer.SIZE - width);
        short value = Bf16.round(own[(row << width) + code]);
        bytes[row * TABLE_BYTES + index] = (byte) (value >> Byte.SIZE);
        bytes[row * TABLE_BYTES + TABLE_BYTES / 2 + index] = (byte) value;
      }
    }
    uploader.bytes(tables, MemorySegment.ofArray(bytes));
  }
}
