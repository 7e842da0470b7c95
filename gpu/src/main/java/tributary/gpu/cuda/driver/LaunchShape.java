package tributary.gpu.cuda.driver;

/**
 * How a kernel is launched.
 *
 * @param grid blocks
 * @param block threads of a block
 * @param sharedBytes dynamic shared memory of a block
 * @param cluster neighbouring blocks in x that run together; 1 for none
 * @param overlaps true when it may start before its predecessor in the stream has ended
 */
public record LaunchShape(Grid grid, int block, int sharedBytes, int cluster, boolean overlaps) {
  /** Blocks in each direction. */
  public record Grid(int x, int y, int z) {}

  /** Blocks in a row that wait for all that came before. */
  public static LaunchShape of(int blocks, int threads) {
    return new LaunchShape(new Grid(blocks, 1, 1), threads, 0, 1, false);
  }

  /** The same, started while its predecessor still runs. */
  public LaunchShape overlapping() {
    return new LaunchShape(grid, block, sharedBytes, cluster, true);
  }

  @Override
  public String toString() {
    return "grid=%dx%dx%d block=%d shared=%d cluster=%d"
        .formatted(grid.x, grid.y, grid.z, block, sharedBytes, cluster);
  }
}
