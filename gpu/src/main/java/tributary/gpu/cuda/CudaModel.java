package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import tributary.gpu.KvShape;
import tributary.gpu.Rope;
import tributary.gpu.WeightMatrix;
import tributary.gpu.WeightVector;
import tributary.gpu.cuda.driver.DeviceFacts;
import tributary.gpu.program.BaseOperands;
import tributary.gpu.program.CompiledModel;
import tributary.gpu.program.CompiledSteps;
import tributary.gpu.program.CompiledTenant;
import tributary.gpu.program.TenantOperands;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** A base in device memory: merged weight tiles, vectors and rotation speeds. */
final class CudaModel implements CompiledModel {
  /** Small numbers of either sign, all finite: sign, low exponents, mantissa. */
  private static final int RANDOM_MASK = 0x80FF80FF;

  private static final int RANDOM_BASE = 0x3C003C00;

  private final CudaDevice device;
  private final DevicePlan plan;
  private final BaseOperands base;
  private final DeviceArena arena;
  private final Set<CudaTenant> tenants = ConcurrentHashMap.newKeySet();
  private final Set<CudaSteps> running = ConcurrentHashMap.newKeySet();
  private final long[] weights;
  private final Map<Integer, Long> vectors = new HashMap<>();
  private final IdentityHashMap<Rope.Frequencies, Long> speeds = new IdentityHashMap<>();
  private final Set<Integer> slots = new TreeSet<>();
  private final Set<Integer> biases = new TreeSet<>();
  private final AtomicInteger vocabulary = new AtomicInteger();
  private final Set<Integer> differing = ConcurrentHashMap.newKeySet();
  private final Set<Integer> differingHeavily = ConcurrentHashMap.newKeySet();
  private final Map<Integer, Integer> rowsMax = new ConcurrentHashMap<>();
  private boolean biased;

  private CudaModel(CudaDevice device, DevicePlan plan, BaseOperands base) {
    this.device = device;
    this.plan = plan;
    this.base = base;
    this.arena = new DeviceArena(device.driver(), "base");
    this.weights = new long[plan.projections().size()];
  }

  static CudaModel load(CudaDevice device, DevicePlan plan, BaseOperands base) {
    CudaModel model = new CudaModel(device, plan, base);
    try {
      return device.using(() -> {
        model.load();
        return model;
      });
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  private void load() {
    loadProjections();
    loadOperands();
    device.uploader().finish();
  }

  private void loadProjections() {
    IdentityHashMap<WeightMatrix, Long> known = new IdentityHashMap<>();
    for (int i = 0; i < weights.length; i++) {
      Projection projection = plan.projections().get(i);
      if (projection.members().size() > 1) {
        weights[i] = loaded(projection);
      } else {
        WeightMatrix only = base.matrix(projection.members().getFirst().matrix());
        weights[i] = known.computeIfAbsent(only, _ -> loaded(projection));
      }
    }
  }

  private long loaded(Projection projection) {
    long bytes = Tiles.weightBytes(projection.outputs(), projection.columns());
    long tiles = arena.allocate(bytes);
    device.uploader().zero(tiles, bytes);
    for (Projection.Member member : projection.members()) {
      switch (CudaMatrix.of(base.matrix(member.matrix()))) {
        case CudaMatrix.Stored(var view) -> device.uploader().weights(tiles, member.at(), view);
        case CudaMatrix.Random(_, _, var seed) ->
            device.uploader().random(tiles, bytes, seed, RANDOM_MASK, RANDOM_BASE);
      }
    }
    return tiles;
  }

  private void loadOperands() {
    for (DeviceOp op : plan.ops()) {
      switch (op) {
        case DeviceOp.Normalize normalize -> load(normalize.vector());
        case DeviceOp.QueryKeyValueBias bias -> loadBias(bias.vector());
        case DeviceOp.ResidualBias bias -> loadBias(bias.vector());
        case DeviceOp.GateUp gateUp -> {
          loadBias(gateUp.gateBias());
          loadBias(gateUp.upBias());
        }
        case DeviceOp.Attend attend ->
            speeds.computeIfAbsent(
                attend.frequencies(), known -> uploaded(known.inverseFrequencies()));
        case DeviceOp.Head head ->
            vocabulary.set(plan.projections().get(head.projection()).outputs());
        case DeviceOp.Embed _, DeviceOp.QueryKeyValue _, DeviceOp.AddProjection _ -> {}
      }
    }
  }

  private void loadBias(int vector) {
    if (vector >= 0) {
      biases.add(vector);
      biased |= load(vector);
    }
  }

  private boolean load(int slot) {
    slots.add(slot);
    WeightVector vector = base.vector(slot);
    if (vector == null) {
      return false;
    }
    vectors.computeIfAbsent(slot, _ -> uploaded(CudaVector.of(vector).values()));
    return true;
  }

  private long uploaded(float[] values) {
    long address = arena.allocate((long) values.length * Float.BYTES);
    device.uploader().bytes(address, MemorySegment.ofArray(values));
    return address;
  }

  CudaDevice device() {
    return device;
  }

  DevicePlan plan() {
    return plan;
  }

  BaseOperands base() {
    return base;
  }

  /** Address of a projection's weight tiles. */
  long weights(int projection) {
    return weights[projection];
  }

  RowKernels.VectorOperand vector(int slot) {
    Long address = vectors.get(slot);
    return new RowKernels.VectorOperand(slot, address == null ? 0 : address);
  }

  long speeds(Rope.Frequencies frequencies) {
    Long address = speeds.get(frequencies);
    if (address == null) {
      throw new AssertionError("frequencies of another plan");
    }
    return address;
  }

  /** Rows of one launch at most, for a vocabulary. */
  int rowsMax(int variantVocabulary) {
    return rowsMax.computeIfAbsent(variantVocabulary, this::rowsOf);
  }

  private int rowsOf(int variantVocabulary) {
    DeviceFacts facts = device.driver().facts();
    return IntStream.range(0, weights.length)
        .filter(slot -> slot != embedding())
        .map(slot -> {
          Projection projection = plan.projections().get(slot);
          int outputs = slot == head() ? variantVocabulary : projection.outputs();
          return FusedLinear.rowsMax(facts, projection.columns(), outputs);
        })
        .min()
        .orElseThrow();
  }

  /** True for a projection to which some tenant that was ever loaded has a difference. */
  boolean differs(int projection) {
    return differing.contains(projection);
  }

  /** How many such projections there are; they only become more. */
  int differing() {
    return differing.size();
  }

  /** True for such a projection where some difference is not light. */
  boolean differsHeavily(int projection) {
    return differingHeavily.contains(projection);
  }

  /** Some tenant has these differences to a projection. */
  void differ(int projection, List<ProjectionLayout.Part> parts) {
    if (!parts.isEmpty()) {
      differing.add(projection);
    }
    if (!parts.stream().allMatch(part -> part.kind().isLight())) {
      differingHeavily.add(projection);
    }
  }

  /** True when the base has a bias. */
  boolean biased() {
    return biased;
  }

  /** Vectors that the plan reads. */
  Set<Integer> vectorSlots() {
    return Collections.unmodifiableSet(slots);
  }

  /** True for a vector that is a bias. */
  boolean isBias(int slot) {
    return biases.contains(slot);
  }

  /** Logits of the widest variant that was ever loaded. */
  int vocabulary() {
    return vocabulary.get();
  }

  void widen(int variantVocabulary) {
    if (variantVocabulary > vocabulary() && rowsMax(variantVocabulary) == 0) {
      throw new TributaryException(
          ErrorCode.MODEL_CONFIG,
          "cuda: the delta's vocabulary of %d does not fit a multiprocessor's shared memory; choose the backend cpu"
              .formatted(variantVocabulary));
    }
    vocabulary.accumulateAndGet(variantVocabulary, Math::max);
  }

  /** The projection of the logits. */
  int head() {
    return switch (plan.ops().getLast()) {
      case DeviceOp.Head(var projection) -> projection;
      case DeviceOp other -> throw new AssertionError("a plan ends with " + other);
    };
  }

  /** The projection that rows are gathered from. */
  int embedding() {
    return switch (plan.ops().getFirst()) {
      case DeviceOp.Embed(var projection) -> projection;
      case DeviceOp other -> throw new AssertionError("a plan begins with " + other);
    };
  }

  @Override
  public CompiledTenant tenant(TenantOperands differences) {
    return device.using(() -> {
      CudaTenant tenant = CudaTenant.load(this, differences);
      tenants.add(tenant);
      return tenant;
    });
  }

  @Override
  public CompiledSteps steps(KvShape shape) {
    return device.using(() -> {
      CudaSteps steps = CudaSteps.create(this, shape);
      running.add(steps);
      return steps;
    });
  }

  @Override
  public void restart() {
    device.restart(() -> {
      arena.forget();
      vectors.clear();
      speeds.clear();
      load();
      tenants.forEach(CudaTenant::reload);
      running.forEach(CudaSteps::reload);
    });
  }

  /** A tenant whose memory has been given back. */
  void closed(CudaTenant tenant) {
    tenants.remove(tenant);
  }

  /** Steps whose memory has been given back. */
  void closed(CudaSteps steps) {
    running.remove(steps);
  }

  List<Projection> projections() {
    return plan.projections();
  }

  @Override
  public void close() {
    arena.close();
  }
}
