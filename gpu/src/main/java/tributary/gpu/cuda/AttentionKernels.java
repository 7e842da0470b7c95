package tributary.gpu.cuda;

import java.util.Optional;
import tributary.gpu.KvShape;
import tributary.gpu.cuda.driver.Arguments;
import tributary.gpu.cuda.driver.LaunchShape;
import tributary.gpu.cuda.driver.LaunchShape.Grid;

/**
 * Launches the kernels that work on the cache of keys and values. Contracts: {@code
 * rope_and_cache.cu}, {@code paged_prefill.cu} for rows in tiles, {@code paged_decode.cu} and, for
 * heads of other shapes, {@code paged_decode_any.cu}.
 *
 * @param tiles of the rows
 * @param heads query heads
 */
record AttentionKernels(Launcher launcher, Cache cache, QueryTiles tiles, int heads, int rows) {
  private static final int SPLITS = 4;
  private static final int THREADS = 128;

  /** Positions whose keys and values a block of {@code paged_prefill} holds: two fills of 64. */
  private static final int HELD_POSITIONS = 128;

  static final int HEAD_SIZE_MAX = 256;

  /**
   * The batch and the cache it works on.
   *
   * @param step address of the batch's description
   * @param tables address of the batch's page tables
   * @param pages address of the cache
   */
  record Cache(long step, long tables, long pages, KvShape shape) {}

  /**
   * @param speeds address of fp32 [rotated / 2]
   */
  void rotate(long qkv, long speeds, int rotated, float scale, int layer) {
    KvShape shape = cache.shape;
    int threads = Math.ceilDiv(shape.headSize() / 2, 32) * 32;
    launcher.overlapping(
        "rope_and_cache",
        "rope_and_cache_bf16",
        new LaunchShape(new Grid(rows, heads + 2 * shape.heads(), 1), threads, 0, 1, true),
        new Arguments()
            .address(qkv)
            .address(cache.pages)
            .address(cache.step)
            .address(cache.tables)
            .address(speeds)
            .structure(shape.layers(), shape.heads(), shape.headSize(), shape.pageTokens())
            .number(layer)
            .number(heads)
            .number(rotated)
            .number(scale));
  }

  void attend(long out, long qkv, int layer, float scale) {
    Optional<String> special = special();
    Optional<String> tiled = tiled();
    Arguments arguments =
        new Arguments()
            .address(out)
            .address(qkv)
            .address(cache.pages)
            .address(tiled.isPresent() ? tiles.address() : cache.step)
            .address(cache.tables)
            .structure(
                cache.shape.layers(),
                cache.shape.heads(),
                cache.shape.headSize(),
                cache.shape.pageTokens())
            .number(layer);
    if (tiled.isPresent()) {
      int shared = 2 * HELD_POSITIONS * cache.shape.headSize() * Short.BYTES;
      launcher
          .driver()
          .allowSharedMemory(launcher.kernels().function("paged_prefill", tiled.get()), shared);
      launcher.overlapping(
          "paged_prefill",
          tiled.get(),
          new LaunchShape(new Grid(heads, tiles.count(), 1), THREADS, shared, 1, true),
          arguments.number(heads).number(scale));
    } else if (special.isPresent()) {
      launcher.overlapping(
          "paged_decode",
          special.get(),
          new LaunchShape(new Grid(SPLITS, cache.shape.heads(), rows), THREADS, 0, SPLITS, true),
          arguments.number(scale));
    } else {
      launcher.overlapping(
          "paged_decode_any",
          "paged_decode_any",
          new LaunchShape(new Grid(heads, rows, 1), THREADS, 0, 1, true),
          arguments.number(heads).number(scale));
    }
  }

  KvShape shape() {
    return cache.shape;
  }

  /** The kernel for tiles of rows with heads of this size, if there are tiles and such a kernel. */
  private Optional<String> tiled() {
    return tiles.count() == 0
        ? Optional.empty()
        : found("paged_prefill", "paged_prefill_" + cache.shape.headSize());
  }

  /** The kernel that was made for heads of this size and number, if there is one. */
  private Optional<String> special() {
    if (cache.shape.pageTokens() % 4 != 0) {
      return Optional.empty();
    }
    String name =
        "paged_decode_%d_%d".formatted(cache.shape.headSize(), heads / cache.shape.heads());
    return found("paged_decode", name);
  }

  private Optional<String> found(String binary, String kernel) {
    return launcher.kernels().find(binary, kernel).map(_ -> kernel);
  }
}
