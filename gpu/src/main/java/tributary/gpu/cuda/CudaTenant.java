package tributary.gpu.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.WeightVector;
import tributary.gpu.cuda.TenantPart.Extent;
import tributary.gpu.cuda.TenantPart.Source;
import tributary.gpu.host.OperandChecks;
import tributary.gpu.program.CompiledTenant;
import tributary.gpu.program.TenantOperands;
import tributary.protocol.Bytes;
import tributary.tensor.TensorView;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.LowRank;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.SparseCodes;
import tributary.tensor.format.VectorCodes;

/**
 * One tenant's differences in device memory: tables of projections and of vectors, and what they
 * point to. Codes without a kernel are added to the base's values on the host and held dense.
 */
final class CudaTenant implements CompiledTenant {
  private static final Logger LOG = LoggerFactory.getLogger(CudaTenant.class);

  private final CudaModel model;
  private final TenantOperands differences;
  private final DeviceArena arena;
  private final List<List<TenantPart>> parts = new ArrayList<>();
  private final IdentityHashMap<DeltaMatrix, List<TenantPart>> ofSingleMatrices =
      new IdentityHashMap<>();
  private long projections;
  private long vectors;
  private boolean biased;
  private FusedLinear.Kinds inBlocks = FusedLinear.Kinds.NONE;
  private FusedLinear.Kinds inHead = FusedLinear.Kinds.NONE;

  private CudaTenant(CudaModel model, TenantOperands differences) {
    this.model = model;
    this.differences = differences;
    this.arena = new DeviceArena(model.device().driver(), "delta", expected(model, differences));
  }

  static CudaTenant load(CudaModel model, TenantOperands differences) {
    CudaTenant tenant = new CudaTenant(model, differences);
    try {
      tenant.load();
      return tenant;
    } catch (RuntimeException | Error e) {
      tenant.abandon(e);
      throw e;
    }
  }

  /** Copies may still be on their way, from memory that the caller gives up and to ours. */
  private void abandon(Throwable failure) {
    try {
      model.device().uploader().finish();
      close();
    } catch (RuntimeException also) {
      failure.addSuppressed(also);
    }
  }

  /** Tiles take about what the host's bytes do; each vector and each table a little. */
  private static Bytes expected(CudaModel model, TenantOperands differences) {
    var known = Collections.newSetFromMap(new IdentityHashMap<DeltaMatrix, Boolean>());
    Bytes sum = Bytes.ZERO;
    for (Projection projection : model.projections()) {
      for (Projection.Member member : projection.members()) {
        DeltaMatrix delta = differences.matrix(member.matrix());
        if (delta != null && known.add(delta)) {
          sum = sum.plus(delta.size());
        }
      }
    }
    return sum;
  }

  private void load() {
    loadParts();
    loadVectors();
    writeProjections();
    model.device().uploader().finish();
  }

  /** Loads everything again, the device having lost it. */
  void reload() {
    arena.forget();
    parts.clear();
    ofSingleMatrices.clear();
    projections = 0;
    load();
  }

  /** The same tenant, known to be this backend's. */
  static CudaTenant of(CompiledTenant tenant) {
    if (tenant instanceof CudaTenant cuda) {
      return cuda;
    }
    throw new IllegalArgumentException("tenant of another backend: " + tenant.getClass().getName());
  }

  private void loadParts() {
    int dense = 0;
    for (Projection projection : model.projections()) {
      List<TenantPart> own = new ArrayList<>();
      for (List<Projection.Member> members : projection.parts()) {
        own.addAll(partsOf(projection, members));
      }
      parts.add(own);
      dense += (int) own.stream().filter(part -> part instanceof TenantPart.Dense).count();
    }
    if (dense > 0) {
      LOG.info(
          "{} matrices of this delta have no kernel for their code: held dense in bf16, base included",
          dense);
    }
  }

  private List<TenantPart> partsOf(Projection projection, List<Projection.Member> members) {
    List<CudaDelta> deltas = new ArrayList<>();
    for (Projection.Member member : members) {
      delta(member).ifPresent(deltas::add);
    }
    if (deltas.isEmpty()) {
      return List.of();
    }
    if (projection.members().size() == 1) {
      CudaDelta only = deltas.getFirst();
      List<TenantPart> known = ofSingleMatrices.get(only);
      if (known == null) {
        known = loaded(projection, members, deltas);
        ofSingleMatrices.put(only, known);
      }
      return known;
    }
    return loaded(projection, members, deltas);
  }

  private Optional<CudaDelta> delta(Projection.Member member) {
    DeltaMatrix delta = differences.matrix(member.matrix());
    return delta == null ? Optional.empty() : Optional.of(CudaDelta.of(delta));
  }

  private List<TenantPart> loaded(
      Projection projection, List<Projection.Member> members, List<CudaDelta> deltas) {
    Uploader uploader = model.device().uploader();
    boolean alone = members.size() == 1;
    Projection.Member first = members.getFirst();
    int firstOutput = alone ? first.at().first() : 0;
    List<Source> sources = new ArrayList<>();
    for (Projection.Member member : members) {
      CudaDelta delta = delta(member).orElse(null);
      checkRows(member, delta);
      sources.add(
          new Source(
              CudaMatrix.of(model.base().matrix(member.matrix())),
              delta,
              rowsOf(member, delta),
              alone ? Placement.ALONE : member.at()));
    }
    int outputs = alone ? sources.getFirst().rows() : projection.outputs();
    Extent extent = new Extent(firstOutput, outputs, 0, projection.columns());
    List<TenantPart> loaded = new ArrayList<>();
    if (eachApart(sources)) {
      for (int i = 0; i < sources.size(); i++) {
        loaded.add(apart(sources.get(i), projection.columns(), members.get(i).at()));
      }
    } else {
      loaded.add(
          deltas.stream().allMatch(CudaDelta::isSigns)
              ? TenantPart.Signs.load(uploader, arena, sources, extent)
              : TenantPart.Dense.load(uploader, arena, sources, extent));
    }
    if (deltas.getFirst() instanceof CudaDelta.Coded coded && coded.added() != null) {
      loaded.add(added(uploader, first.rows(), Objects.requireNonNull(coded.added())));
    }
    return loaded;
  }

  /**
   * True where each matrix is a part of its own: it is alone, or interleaved with another, and its
   * code has a kernel that serves it alone. One without a difference is taken for one of rank 0.
   */
  private static boolean eachApart(List<Source> sources) {
    boolean apart =
        sources.size() == 1 || sources.stream().allMatch(source -> source.at().interleaved());
    return apart
        && sources.stream()
            .allMatch(source ->
                source.delta() == null
                    || (source.delta() instanceof CudaDelta.Coded coded && coded.servedAlone()));
  }

  private TenantPart apart(Source source, int columns, Placement at) {
    Uploader uploader = model.device().uploader();
    if (!(source.delta() instanceof CudaDelta.Coded coded)) {
      LowRank nothing = LowRank.nothing(source.rows(), columns);
      return LowRankPart.load(uploader, arena, nothing, new float[0], at);
    }
    float[] factors = Objects.requireNonNullElse(coded.baseFactors(), new float[0]);
    return switch (coded.code()) {
      case VectorCodes vectors -> TenantPart.Vectors.load(uploader, arena, vectors, factors, at);
      case SparseCodes sparse -> SparsePart.load(uploader, arena, sparse, factors, at);
      case GroupedCodes grouped -> GroupedPart.load(uploader, arena, grouped, factors, at);
      case LowRank lowRank -> LowRankPart.load(uploader, arena, lowRank, factors, at);
      case LookupPlanes all -> LookupPart.load(uploader, arena, coded, all, at);
      case SignPlanes _ -> throw new AssertionError("signs are not served apart");
    };
  }

  private static void checkRows(Projection.Member member, @Nullable CudaDelta delta) {
    if (delta instanceof CudaDelta.Coded coded) {
      OperandChecks.codedRows(coded.codedRows(), member.rows());
    }
  }

  /** Rows but for those that are added to a code. */
  private static int rowsOf(Projection.Member member, @Nullable CudaDelta delta) {
    return delta instanceof CudaDelta.Replaced replaced ? replaced.rows() : member.rows();
  }

  private TenantPart added(Uploader uploader, int baseRows, TensorView rows) {
    int skip = baseRows % Tiles.OUTPUTS;
    int count = Math.toIntExact(rows.shape().dimension(0));
    int columns = Math.toIntExact(rows.shape().dimension(1));
    return TenantPart.Added.load(
        uploader, arena, rows, new Extent(baseRows - skip, skip + count, skip, columns));
  }

  private void loadVectors() {
    Map<Integer, float[]> own = new TreeMap<>();
    int slots = 1;
    for (int slot : model.vectorSlots()) {
      slots = Math.max(slots, slot + 1);
      WeightVector vector = differences.vector(slot);
      if (vector != null) {
        own.put(slot, CudaVector.of(vector).values());
        biased |= model.isBias(slot);
      }
    }
    vectors = arena.allocate((long) slots * Long.BYTES);
    try (Arena host = Arena.ofConfined()) {
      MemorySegment table = host.allocate(ValueLayout.JAVA_LONG, slots);
      own.forEach((slot, values) -> {
        long address = arena.allocate((long) values.length * Float.BYTES);
        model.device().uploader().bytes(address, MemorySegment.ofArray(values));
        table.setAtIndex(ValueLayout.JAVA_LONG, slot, address);
      });
      model.device().uploader().bytes(vectors, table);
    }
  }

  private void writeProjections() {
    int count = parts.size();
    if (projections == 0) {
      projections = arena.allocate((long) count * ProjectionLayout.BYTES);
    }
    try (Arena host = Arena.ofConfined()) {
      MemorySegment table = host.allocate((long) count * ProjectionLayout.BYTES, Long.BYTES);
      for (int i = 0; i < count; i++) {
        List<ProjectionLayout.Part> own = parts.get(i).stream().map(TenantPart::part).toList();
        int outputs =
            own.stream()
                .mapToInt(part -> part.firstOutput() + part.outputs())
                .reduce(model.projections().get(i).outputs(), Math::max);
        ProjectionLayout.write(
            table.asSlice((long) i * ProjectionLayout.BYTES, ProjectionLayout.BYTES), own, outputs);
        model.differ(i, own);
        FusedLinear.Kinds kinds = FusedLinear.Kinds.of(own);
        if (i == model.head()) {
          inHead = inHead.or(kinds);
          model.widen(outputs);
        } else if (i != model.embedding()) {
          inBlocks = inBlocks.or(kinds);
        }
      }
      model.device().uploader().bytes(projections, table);
    }
  }

  /** What the differences to the projections of blocks are. */
  FusedLinear.Kinds inBlocks() {
    return inBlocks;
  }

  /** What the difference to the head is. */
  FusedLinear.Kinds inHead() {
    return inHead;
  }

  /** Address of the table of projections. */
  long projections() {
    return projections;
  }

  /** Address of the table of addresses of vectors. */
  long vectors() {
    return vectors;
  }

  /** True when the tenant has a bias of its own. */
  boolean biased() {
    return biased;
  }

  @Override
  public Bytes size() {
    return arena.size();
  }

  @Override
  public void widthsChanged() {
    model
        .device()
        .using(() -> {
          parts.stream()
              .flatMap(List::stream)
              .filter(TenantPart::hasWidths)
              .distinct()
              .forEach(TenantPart::refresh);
          writeProjections();
          model.device().uploader().finish();
          return this;
        });
  }

  @Override
  public void close() {
    model
        .device()
        .using(() -> {
          model.closed(this);
          arena.close();
          return this;
        });
  }
}
