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
 * @param apart true when no two rows are of one sequence
 */
record AttentionKernels(
    Launcher launcher, Cache cache, QueryTiles tiles, int heads, int rows, boolean apart) {
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
   * How queries and keys are turned by their positions.
   *
   * @param speeds address of fp32 [rotated / 2]
   */
  record Rotation(long speeds, int rotated, float scale) {}

  /** Rotates queries and keys, stores keys and values, and attends; all rows' keys come first. */
  void attend(long out, long qkv, Rotation rotation, int layer, float scale) {
    Optional<String> tiled = tiled();
    if (tiled.isPresent()) {
      rotate(qkv, rotation, layer);
      attendInTiles(tiled.get(), out, qkv, layer, scale);
    } else if (hasSpecial("paged_decode")) {
      boolean rotates = apart && rotation.rotated == cache.shape.headSize();
      if (!rotates) {
        rotate(qkv, rotation, layer);
      }
      launcher.overlapping(
          "paged_decode",
          special(rotates ? "rotating_decode" : "paged_decode"),
          new LaunchShape(new Grid(SPLITS, cache.shape.heads(), rows), THREADS, 0, SPLITS, true),
          arguments(out, qkv, cache.step, layer)
              .number(scale)
              .address(rotation.speeds)
              .number(rotation.scale));
    } else {
      rotate(qkv, rotation, layer);
      launcher.overlapping(
          "paged_decode_any",
          "paged_decode_any",
          new LaunchShape(new Grid(heads, rows, 1), THREADS, 0, 1, true),
          arguments(out, qkv, cache.step, layer).number(heads).number(scale));
    }
  }

  private void rotate(long qkv, Rotation rotation, int layer) {
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
            .address(rotation.speeds)
            .structure(shape.layers(), shape.heads(), shape.headSize(), shape.pageTokens())
            .number(layer)
            .number(heads)
            .number(rotation.rotated)
            .number(rotation.scale));
  }

  private void attendInTiles(String kernel, long out, long qkv, int layer, float scale) {
    int shared = 2 * HELD_POSITIONS * cache.shape.headSize() * Short.BYTES;
    launcher
        .driver()
        .allowSharedMemory(launcher.kernels().function("paged_prefill", kernel), shared);
    launcher.overlapping(
        "paged_prefill",
        kernel,
        new LaunchShape(new Grid(heads, tiles.count(), 1), THREADS, shared, 1, true),
        arguments(out, qkv, tiles.address(), layer).number(heads).number(scale));
  }

  private Arguments arguments(long out, long qkv, long rowsOrTiles, int layer) {
    KvShape shape = cache.shape;
    return new Arguments()
        .address(out)
        .address(qkv)
        .address(cache.pages)
        .address(rowsOrTiles)
        .address(cache.tables)
        .structure(shape.layers(), shape.heads(), shape.headSize(), shape.pageTokens())
        .number(layer);
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

  /** True when there is a kernel that was made for heads of this size and number. */
  private boolean hasSpecial(String kind) {
    return cache.shape.pageTokens() % 4 == 0 && found("paged_decode", special(kind)).isPresent();
  }

  private String special(String kind) {
    return "%s_%d_%d".formatted(kind, cache.shape.headSize(), heads / cache.shape.heads());
  }

  private Optional<String> found(String binary, String kernel) {
    return launcher.kernels().find(binary, kernel).map(_ -> kernel);
  }
}
