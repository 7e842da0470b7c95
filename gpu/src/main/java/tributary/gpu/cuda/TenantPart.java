package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.TunedMatrix;
import tributary.tensor.format.VectorCodes;

/** One part of a tenant's difference to a projection, in device memory. */
sealed interface TenantPart
    permits TenantPart.Signs,
        TenantPart.Vectors,
        TenantPart.Dense,
        TenantPart.Added,
        LowRankPart,
        GroupedPart,
        LookupPart,
        SparsePart {
  /** As the kernels are to read it, at the width that is set now. */
  ProjectionLayout.Part part();

  /** True when its precision can change. */
  default boolean hasWidths() {
    return false;
  }

  /** Brings device memory to the width that is set now. */
  default void refresh() {}

  /**
   * One matrix of a part, or of the base where the tenant has no difference to it.
   *
   * @param at relative to the part's first output
   */
  record Source(CudaMatrix base, @Nullable CudaDelta delta, int rows, Placement at) {
    /** What the base's rows are multiplied by; null where all are 1. */
    float @Nullable [] baseFactors() {
      return delta instanceof CudaDelta.Coded coded ? coded.baseFactors() : null;
    }
  }

  /**
   * Where a part is among its projection's outputs.
   *
   * @param firstOutput a multiple of 16
   * @param outputs that it covers, counted from firstOutput
   * @param skip of them, the first that belong to others
   */
  record Extent(int firstOutput, int outputs, int skip, int columns) {}

  /**
   * Scaled signs; planes that a matrix of the part lacks have scale 0. The scales are followed by
   * factors of the base's rows.
   */
  final class Signs implements TenantPart {
    private static final int ALL_BITS = -1;
    private static final float RANDOM_SCALE = 0.001f;

    private final Uploader uploader;
    private final List<Source> sources;
    private final Extent extent;
    private final long codes;
    private final long scales;
    private int planes;

    private Signs(Uploader uploader, List<Source> sources, Extent extent, long codes, long scales) {
      this.uploader = uploader;
      this.sources = sources;
      this.extent = extent;
      this.codes = codes;
      this.scales = scales;
    }

    static Signs load(Uploader uploader, DeviceArena arena, List<Source> sources, Extent extent) {
      int planesMax = sources.stream().mapToInt(Signs::allPlanes).max().orElseThrow();
      long planeBytes = Tiles.signBytes(extent.outputs, extent.columns);
      long codes = arena.allocate(planesMax * planeBytes);
      long scales = arena.allocate((long) (planesMax + 1) * extent.outputs * Float.BYTES);
      Signs signs = new Signs(uploader, sources, extent, codes, scales);
      uploader.zero(codes, planesMax * planeBytes);
      for (Source source : sources) {
        signs.loadPlanes(source, planeBytes);
      }
      signs.refresh();
      return signs;
    }

    private static int allPlanes(Source source) {
      return switch (source.delta) {
        case null -> 0;
        case CudaDelta.Coded coded -> coded.allPlanes().orElseThrow().planes().size();
        case CudaDelta.Random random -> random.planes();
        case CudaDelta.Replaced _ -> throw new AssertionError("values are no signs");
      };
    }

    private void loadPlanes(Source source, long planeBytes) {
      switch (source.delta) {
        case null -> {}
        case CudaDelta.Coded coded -> {
          List<SignPlanes.Plane> all = coded.allPlanes().orElseThrow().planes();
          for (int plane = 0; plane < all.size(); plane++) {
            uploader.signs(
                codes + plane * planeBytes,
                source.at,
                source.rows,
                extent.columns,
                all.get(plane).signs());
          }
        }
        case CudaDelta.Random random ->
            uploader.random(codes, random.planes() * planeBytes, codes, ALL_BITS, 0);
        case CudaDelta.Replaced _ -> throw new AssertionError("values are no signs");
      }
    }

    @Override
    public ProjectionLayout.Part part() {
      return new ProjectionLayout.Part(
          new ProjectionLayout.Kind.Signs(planes),
          codes,
          scales,
          scalesBase(),
          extent.firstOutput,
          extent.outputs);
    }

    @Override
    public boolean hasWidths() {
      return sources.stream().anyMatch(s -> s.delta != null && s.delta.widths() > 1);
    }

    @Override
    public void refresh() {
      List<List<float[]>> bySource = sources.stream().map(this::scalesOf).toList();
      planes = bySource.stream().mapToInt(List::size).max().orElseThrow();
      float[] values = new float[Math.multiplyExact(planes + 1, extent.outputs)];
      for (int i = 0; i < sources.size(); i++) {
        Source source = sources.get(i);
        for (int plane = 0; plane < bySource.get(i).size(); plane++) {
          float[] own = bySource.get(i).get(plane);
          for (int row = 0; row < source.rows; row++) {
            values[plane * extent.outputs + source.at.output(row)] = own[own.length == 1 ? 0 : row];
          }
        }
      }
      Arrays.fill(values, planes * extent.outputs, values.length, 1);
      for (Source source : sources) {
        float[] factors = source.baseFactors();
        for (int row = 0; factors != null && row < source.rows; row++) {
          values[planes * extent.outputs + source.at.output(row)] = factors[row];
        }
      }
      uploader.bytes(scales, MemorySegment.ofArray(values));
    }

    private boolean scalesBase() {
      return sources.stream().anyMatch(source -> source.baseFactors() != null);
    }

    /** Scales of each plane at the width that is set. */
    private List<float[]> scalesOf(Source source) {
      return switch (source.delta) {
        case null -> List.of();
        case CudaDelta.Coded coded ->
            coded.planes().orElseThrow().planes().stream().map(SignPlanes.Plane::scales).toList();
        case CudaDelta.Random random ->
            Collections.nCopies(random.planes(), new float[] {RANDOM_SCALE});
        case CudaDelta.Replaced _ -> throw new AssertionError("values are no signs");
      };
    }
  }

  /** Vectors of neighbouring rows, picked by a byte each. */
  final class Vectors implements TenantPart {
    private final VectorCodes code;
    private final boolean scalesBase;
    private final Placement at;
    private final long codes;
    private final long scales;
    private final long codebook;

    private Vectors(
        Uploader uploader, DeviceArena arena, VectorCodes code, float[] factors, Placement at) {
      this.code = code;
      this.scalesBase = factors.length > 0;
      this.at = at;
      int bands = Math.ceilDiv(code.rows(), code.vectorRows());
      long bytes = Tiles.indexBytes(bands, code.columns());
      this.codes = arena.allocate(bytes);
      uploader.zero(codes, bytes);
      uploader.indices(codes, bands, code.columns(), code.indices());
      float[] values = Arrays.copyOf(code.scales(), 2 * code.rows());
      System.arraycopy(factors, 0, values, code.rows(), factors.length);
      this.scales = arena.allocate((long) values.length * Float.BYTES);
      uploader.bytes(scales, MemorySegment.ofArray(values));
      short[] halves = new short[code.codebook().length];
      for (int i = 0; i < halves.length; i++) {
        halves[i] = Bf16.round(code.codebook()[i]);
      }
      this.codebook = arena.allocate((long) halves.length * Short.BYTES);
      uploader.bytes(codebook, MemorySegment.ofArray(halves));
    }

    /**
     * @param factors of the base's rows; empty where all are 1
     * @param at where the rows lie among the projection's outputs; interleaved ones belong to a
     *     projection that other vectors cover together with these
     */
    static Vectors load(
        Uploader uploader, DeviceArena arena, VectorCodes code, float[] factors, Placement at) {
      return new Vectors(uploader, arena, code, factors, at);
    }

    @Override
    public ProjectionLayout.Part part() {
      return new ProjectionLayout.Part(
          new ProjectionLayout.Kind.Vectors(codebook, code.vectorRows(), at.interleaved()),
          codes,
          scales,
          scalesBase,
          at.first(),
          at.extent(code.rows()));
    }
  }

  /** Values that stand in for the base's: its own, or base and difference added up, in bf16. */
  final class Dense implements TenantPart {
    private final Uploader uploader;
    private final List<Source> sources;
    private final Extent extent;
    private final long codes;

    private Dense(Uploader uploader, List<Source> sources, Extent extent, long codes) {
      this.uploader = uploader;
      this.sources = sources;
      this.extent = extent;
      this.codes = codes;
    }

    static Dense load(Uploader uploader, DeviceArena arena, List<Source> sources, Extent extent) {
      long bytes = Tiles.weightBytes(extent.outputs, extent.columns);
      Dense dense = new Dense(uploader, sources, extent, arena.allocate(bytes));
      uploader.zero(dense.codes, bytes);
      dense.refresh();
      return dense;
    }

    @Override
    public ProjectionLayout.Part part() {
      return new ProjectionLayout.Part(
          new ProjectionLayout.Kind.Replaced(extent.skip),
          codes,
          0,
          false,
          extent.firstOutput,
          extent.outputs);
    }

    @Override
    public boolean hasWidths() {
      return sources.stream().anyMatch(s -> s.delta != null && s.delta.widths() > 1);
    }

    @Override
    public void refresh() {
      for (Source source : sources) {
        load(source);
      }
    }

    private void load(Source source) {
      switch (source.delta) {
        case null -> uploader.weights(codes, source.at, base(source));
        case CudaDelta.Replaced(var value) -> uploader.weights(codes, source.at, value);
        case CudaDelta.Coded coded -> {
          TunedMatrix tuned = TunedMatrix.of(base(source), withoutAdded(coded.tensor()));
          uploader.weights(codes, source.at, source.rows, extent.columns, tuned::readRow);
        }
        case CudaDelta.Random _ -> throw new AssertionError("random signs stay signs");
      }
    }

    private static DeltaTensor.Coded withoutAdded(DeltaTensor.Coded coded) {
      return new DeltaTensor.Coded(coded.code(), coded.baseFactors(), null);
    }

    private static TensorView base(Source source) {
      return switch (source.base) {
        case CudaMatrix.Stored(var view) -> view;
        case CudaMatrix.Random _ ->
            throw new IllegalArgumentException("random weights have no values on the host");
      };
    }
  }

  /** Rows that only the tenant has. */
  final class Added implements TenantPart {
    private final long codes;
    private final Extent extent;

    private Added(long codes, Extent extent) {
      this.codes = codes;
      this.extent = extent;
    }

    static Added load(Uploader uploader, DeviceArena arena, TensorView rows, Extent extent) {
      long bytes = Tiles.weightBytes(extent.outputs, extent.columns);
      Added added = new Added(arena.allocate(bytes), extent);
      uploader.zero(added.codes, bytes);
      uploader.weights(added.codes, new Placement(extent.skip, false), rows);
      return added;
    }

    @Override
    public ProjectionLayout.Part part() {
      return new ProjectionLayout.Part(
          new ProjectionLayout.Kind.Replaced(extent.skip),
          codes,
          0,
          false,
          extent.firstOutput,
          extent.outputs);
    }
  }
}
