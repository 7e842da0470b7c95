package tributary.gpu.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import tributary.gpu.cuda.driver.Arguments;
import tributary.gpu.cuda.driver.DeviceFacts;
import tributary.gpu.cuda.driver.Driver;
import tributary.gpu.cuda.driver.LaunchShape;

/** Launches {@code fused_linear.cu}, whose head is the contract. */
final class FusedLinear {
  private static final String BINARY = "fused_linear";
  private static final int OPERAND_BYTES = 72;
  private static final int THREADS = 512;
  private static final int CLUSTER_BLOCKS = 2;
  private static final int ROW_TILE = 8;

  /** Tiles of eight rows that the kernels are made for, fewest first. */
  private static final int[] ROW_TILES = {1, 2, 4};

  /** What the kernels use beside their dynamic shared memory, with room to spare. */
  private static final int STATIC_SHARED = 2048;

  /** What becomes of the sums. */
  enum Finish {
    STORE_BF16(0),
    ADD_F32(1),
    SILU_BF16(2),
    STORE_F32(3);

    /** As the kernel numbers it. */
    private final int code;

    Finish(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }
  }

  /** What tenants' differences are of: nothing, codes of one kind, or any. */
  enum Kinds {
    NONE("base_"),
    SIGNS("signs_"),
    VECTORS("vectors_"),
    SPARSE("sparse_"),
    GROUPED("grouped_"),
    LOOKUP("lookup_"),
    LOW_RANK("low_rank_"),
    ANY("");

    /** In the names of kernels. */
    private final String infix;

    Kinds(String infix) {
      this.infix = infix;
    }

    /** Of these parts. */
    static Kinds of(List<ProjectionLayout.Part> parts) {
      return parts.stream().map(part -> of(part.kind())).reduce(NONE, Kinds::or);
    }

    private static Kinds of(ProjectionLayout.Kind kind) {
      return switch (kind) {
        case ProjectionLayout.Kind.Signs _ -> SIGNS;
        case ProjectionLayout.Kind.Replaced _ -> ANY;
        case ProjectionLayout.Kind.Vectors _ -> VECTORS;
        case ProjectionLayout.Kind.Sparse _ -> SPARSE;
        case ProjectionLayout.Kind.Grouped _ -> GROUPED;
        case ProjectionLayout.Kind.Lookup _ -> LOOKUP;
        case ProjectionLayout.Kind.LowRank _ -> LOW_RANK;
      };
    }

    Kinds or(Kinds other) {
      if (this == other || other == NONE) {
        return this;
      }
      return this == NONE ? other : ANY;
    }
  }

  /**
   * What a launch depends on.
   *
   * @param outputs of a row of the result
   * @param kinds of tenants' differences
   */
  record Extent(int rows, int columns, int outputs, Kinds kinds) {
    private boolean differs() {
      return kinds != Kinds.NONE;
    }
  }

  /**
   * Operands of a call.
   *
   * @param out address
   * @param x address of bf16 [rows, columns]
   * @param weight address of weight tiles
   * @param step address of the batch's description
   * @param difference address of f32 [rows, outputs] to work in
   * @param arrivals address of two counts, zero before and after
   * @param slot of the projection in the tenants' tables
   * @param baseOutputs rows of the weight; at most the extent's outputs, as every tenant's are
   */
  record Operands(
      long out,
      long x,
      long weight,
      long step,
      long difference,
      long arrivals,
      int slot,
      int baseOutputs,
      Extent extent,
      Finish finish) {}

  /** How an extent is launched. */
  record Arrangement(Kinds kinds, int rowTiles, int clusters, int sharedBytes) {
    String kernel() {
      return BINARY + "_" + kinds.infix + rowTiles * ROW_TILE;
    }

    private LaunchShape shape() {
      return new LaunchShape(
          new LaunchShape.Grid(clusters * CLUSTER_BLOCKS, 1, 1),
          THREADS,
          sharedBytes,
          CLUSTER_BLOCKS,
          false);
    }
  }

  private final Map<Extent, Arrangement> known = new ConcurrentHashMap<>();

  void launch(Launcher launcher, Operands operands) {
    Extent extent = operands.extent;
    if (extent.rows < 1
        || extent.rows > StepLayout.ROWS_MAX
        || extent.columns % 8 != 0
        || operands.baseOutputs > extent.outputs) {
      throw new IllegalArgumentException(
          "fused linear: %s: rows must be 1 to %d, columns a multiple of 8, outputs at least the base's %d"
              .formatted(extent, StepLayout.ROWS_MAX, operands.baseOutputs));
    }
    Arrangement how = prepare(launcher, extent);
    launcher.overlapping(
        BINARY, how.kernel(), how.shape(), new Arguments().structure(structure(operands)));
  }

  /** Asks the device how an extent is to be launched, which cannot be done while recording. */
  Arrangement prepare(Launcher launcher, Extent extent) {
    return known.computeIfAbsent(extent, _ -> prepared(launcher, extent));
  }

  private static Arrangement prepared(Launcher launcher, Extent extent) {
    Driver driver = launcher.driver();
    DeviceFacts facts = driver.facts();
    Arrangement arrangement =
        arrangement(extent, facts)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "fused linear: no launch of %s fits a multiprocessor".formatted(extent)));
    long function = launcher.kernels().function(BINARY, arrangement.kernel());
    driver.allowSharedMemory(function, sharedMax(facts));
    int atOnce = driver.clustersAtOnce(function, arrangement.shape());
    if (extent.differs() && atOnce < arrangement.clusters) {
      throw new IllegalStateException(
          "fused linear: %s holds %d clusters at once, of which all %d must run"
              .formatted(facts.name(), atOnce, arrangement.clusters));
    }
    return arrangement;
  }

  /** The fewest rows held that fit; blocks that wait for each other are as many as run at once. */
  static Optional<Arrangement> arrangement(Extent extent, DeviceFacts facts) {
    int atOnce = facts.multiprocessors() / CLUSTER_BLOCKS;
    for (int rowTiles : ROW_TILES) {
      if (rowTiles * ROW_TILE < extent.rows) {
        continue;
      }
      int clusters = atOnce;
      int bytes = sharedBytes(rowTiles, extent.columns, extent.outputs, clusters);
      while (bytes > sharedMax(facts)
          && !extent.differs()
          && clusters < Tiles.count(extent.outputs)) {
        clusters += atOnce;
        bytes = sharedBytes(rowTiles, extent.columns, extent.outputs, clusters);
      }
      if (bytes <= sharedMax(facts)) {
        return Optional.of(new Arrangement(extent.kinds, rowTiles, clusters, bytes));
      }
    }
    return Optional.empty();
  }

  /**
   * The most rows that can be launched on a device, tenants' differences and all; 0 when none can.
   */
  static int rowsMax(DeviceFacts facts, int columns, int outputs) {
    for (int i = ROW_TILES.length - 1; i >= 0; i--) {
      int rows = ROW_TILES[i] * ROW_TILE;
      if (arrangement(new Extent(rows, columns, outputs, Kinds.ANY), facts).isPresent()) {
        return rows;
      }
    }
    return 0;
  }

  private static int sharedMax(DeviceFacts facts) {
    return facts.sharedBytesMax() - STATIC_SHARED;
  }

  /** {@code linearSharedBytes} of {@code base_product.cuh}. */
  static int sharedBytes(int rowTiles, int columns, int outputs, int clusters) {
    int sent = rowTiles * 256;
    int slots = THREADS / 32 * CLUSTER_BLOCKS;
    int planes = (columns <= 6144 ? 2 : 1) * Math.ceilDiv(columns, 256) * 1024;
    int vectors = 256 * 128 + THREADS / 32 * 1024;
    int work = Math.max(2 * slots * sent, Math.max(planes, vectors));
    int passes = Math.ceilDiv(Math.ceilDiv(columns, 128), slots);
    int earlier = passes > 1 ? Math.ceilDiv(Tiles.count(outputs), clusters) * sent : 0;
    int stages = rowTiles <= 2 ? 5 : 4;
    return work + earlier + THREADS / 32 * stages * 2048;
  }

  /** {@code LinearOperands} of the kernel. */
  private static byte[] structure(Operands operands) {
    Extent extent = operands.extent;
    return ByteBuffer.allocate(OPERAND_BYTES)
        .order(ByteOrder.nativeOrder())
        .putLong(operands.out)
        .putLong(operands.x)
        .putLong(operands.weight)
        .putLong(operands.step)
        .putLong(extent.differs() ? operands.difference : 0)
        .putLong(operands.arrivals)
        .putInt(operands.slot)
        .putInt(extent.rows)
        .putInt(extent.columns)
        .putInt(operands.baseOutputs)
        .putInt(extent.outputs)
        .putInt(operands.finish.code)
        .array();
  }
}
