package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;
import tributary.tensor.TensorView;
import tributary.tensor.format.LowRank;

/** A thin pair of matrices, as LoRA has them, in bf16. */
final class LowRankPart implements TenantPart {
  private static final int UNIT = 16;

  /** One thread alone lays tiles out more slowly than the bus takes them. */
  private static final int ROWS_AT_ONCE = 256;

  /** Ranks that the kernels take. */
  static final int RANK_MAX = 16 * UNIT;

  private final LowRank code;
  private final Placement at;
  private final boolean scalesBase;
  private final int units;
  private final long up;
  private final long down;
  private final long scales;

  private LowRankPart(
      Uploader uploader, DeviceArena arena, LowRank code, float[] factors, Placement at) {
    this.code = code;
    this.at = at;
    this.scalesBase = factors.length > 0;
    this.units = Math.ceilDiv(code.rank(), UNIT);
    short[] tiles = tiles(code.up());
    this.up = arena.allocate((long) tiles.length * Short.BYTES);
    uploader.bytes(up, MemorySegment.ofArray(tiles));
    long bytes = Tiles.weightBytes(units * UNIT, code.columns());
    this.down = arena.allocate(bytes);
    uploader.zero(down, bytes);
    uploader.weights(down, Placement.ALONE, code.down());
    float[] values = new float[2 * code.rows()];
    Arrays.fill(values, 0, code.rows(), code.scale());
    System.arraycopy(factors, 0, values, code.rows(), factors.length);
    this.scales = arena.allocate((long) values.length * Float.BYTES);
    uploader.bytes(scales, MemorySegment.ofArray(values));
  }

  /**
   * @param factors of the base's rows; empty where all are 1
   * @param at where the rows lie among the projection's outputs; interleaved ones belong to a
   *     projection whose other matrix has a part as well
   */
  static LowRankPart load(
      Uploader uploader, DeviceArena arena, LowRank code, float[] factors, Placement at) {
    return new LowRankPart(uploader, arena, code, factors, at);
  }

  private short[] tiles(TensorView matrix) {
    short[] tiles = new short[Tiles.rankValues(code.rows(), units)];
    IntStream.range(0, Math.ceilDiv(code.rows(), ROWS_AT_ONCE))
        .parallel()
        .forEach(
            stretch -> fill(tiles, matrix, stretch * ROWS_AT_ONCE, (stretch + 1) * ROWS_AT_ONCE));
    return tiles;
  }

  private void fill(short[] tiles, TensorView matrix, int first, int end) {
    int rank = code.rank();
    float[] row = new float[rank];
    for (int n = first; n < Math.min(end, code.rows()); n++) {
      matrix.readFloats((long) n * rank, row, 0, rank);
      for (int k = 0; k < rank; k++) {
        tiles[Tiles.rankIndex(n, k, units)] = Bf16.round(row[k]);
      }
    }
  }

  @Override
  public ProjectionLayout.Part part() {
    return new ProjectionLayout.Part(
        new ProjectionLayout.Kind.LowRank(down, units, at.interleaved()),
        up,
        scales,
        scalesBase,
        at.first(),
        at.extent(code.rows()));
  }
}
