package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tributary.gpu.KvShape;
import tributary.gpu.SequenceRows;
import tributary.gpu.cuda.driver.Driver;
import tributary.gpu.program.CompiledSteps;

/**
 * Runs steps as graphs, one for each number of rows up to 32 in a few sizes, with tenants or
 * without, recorded when it is first needed. What differs from step to step lies in one piece of
 * device memory that a single copy renews. A step of more rows runs in parts, one after the other:
 * a part's rows find the keys and values of the earlier ones in the cache. Stretches of prompts run
 * apart, in {@linkplain PromptSteps launches of many rows}.
 */
final class CudaSteps implements CompiledSteps {
  private final CudaModel model;
  private final Driver driver;
  private final KvShape shape;
  private long stream;
  private StepBuffers buffers;
  private PromptSteps prompts;
  private final Map<GraphKey, Long> graphs = new HashMap<>();
  private boolean failed;
  private float[] row = {};
  private long hostNanos;

  /**
   * What a graph depends on.
   *
   * @param rows that it computes, at least those of the step
   * @param apart true when no two rows are of one sequence
   * @param head true when it computes logits and choices
   * @param draws true when a choice may be other than the likeliest
   * @param biased true when it adds biases
   * @param inBlocks what rows' tenants may differ in
   * @param inHead the same of the head
   * @param differing projections to which tenants have differences; 0 if for none
   */
  private record GraphKey(
      int rows,
      boolean apart,
      boolean head,
      boolean draws,
      boolean biased,
      FusedLinear.Kinds inBlocks,
      FusedLinear.Kinds inHead,
      int differing) {}

  private CudaSteps(CudaModel model, KvShape shape, long stream, StepBuffers buffers) {
    this.model = model;
    this.driver = model.device().driver();
    this.shape = shape;
    this.stream = stream;
    this.buffers = buffers;
    this.prompts = new PromptSteps(model, buffers, stream);
  }

  static CudaSteps create(CudaModel model, KvShape shape) {
    StepBuffers buffers = StepBuffers.allocate(model, shape);
    return new CudaSteps(model, shape, model.device().driver().createStream(), buffers);
  }

  @Override
  public KvShape cache() {
    return shape;
  }

  @Override
  public void run(Rows rows, Results results) {
    Map<Boolean, List<SequenceRows>> ofPrompts =
        rows.sequences().stream().collect(Collectors.partitioningBy(prompts::takes));
    int rowsMax = model.rowsMax(model.vocabulary());
    for (StepPart part : StepPart.split(rows, ofPrompts.getOrDefault(false, List.of()), rowsMax)) {
      compute(() -> launch(part));
      deliver(rows.wanted(), part, results);
    }
    for (StepPart part :
        StepPart.split(rows, ofPrompts.getOrDefault(true, List.of()), PromptSteps.ROWS_MAX)) {
      compute(() -> prompts.layers(part));
      for (StepPart wanted : part.wanted(rowsMax)) {
        compute(() -> launchHead(part, wanted));
        deliver(rows.wanted(), wanted, results);
      }
    }
  }

  /** Takes memory anew, the device having lost it; keys and values are zero. */
  void reload() {
    graphs.clear();
    stream = driver.createStream();
    buffers = StepBuffers.allocate(model, shape);
    prompts = new PromptSteps(model, buffers, stream);
  }

  @Override
  public long hostNanos() {
    return hostNanos;
  }

  /** Runs launches to their end. */
  private void compute(Runnable launches) {
    model
        .device()
        .alone(() -> {
          if (failed) {
            buffers.clearArrivals(stream);
          }
          failed = true;
          launches.run();
          driver.synchronize(stream);
          failed = false;
        });
  }

  private void launch(StepPart part) {
    long begin = System.nanoTime();
    describe(part);
    boolean head = part.wants(Wanted.CHOICE) || part.wants(Wanted.LOGITS);
    boolean biased = model.biased() || part.biased();
    int differing = part.hasTenants() ? model.differing() : 0;
    driver.launchGraph(
        graph(
            new GraphKey(
                bucket(part.rows()),
                part.apart(),
                head,
                part.draws(),
                biased,
                part.inBlocks(),
                head ? part.inHead() : FusedLinear.Kinds.NONE,
                differing)),
        stream);
    hostNanos += System.nanoTime() - begin;
    if (head) {
      copyBack(part);
    }
  }

  private void launchHead(StepPart prompt, StepPart wanted) {
    describe(wanted);
    prompts.head(prompt, wanted);
    copyBack(wanted);
  }

  private void describe(StepPart part) {
    if (buffers.makeRoom(model.vocabulary(), part.pageEntries())) {
      dropGraphs();
    }
    long bytes = part.write(buffers.host(), StepLayout.ROWS_MAX);
    part.writeDraws(buffers.host());
    driver.copyToDevice(buffers.step(), buffers.host().asSlice(0, bytes), stream);
  }

  private void copyBack(StepPart part) {
    driver.copyToHost(buffers.hostChoices(part.rows()), buffers.choices(), stream);
    if (part.wants(Wanted.LOGITS)) {
      driver.copyToHost(buffers.hostLogits(part.rows()), buffers.logits(), stream);
    }
  }

  private void deliver(List<Wanted> wanted, StepPart part, Results results) {
    long begin = System.nanoTime();
    int[] stepRows = part.stepRows();
    for (int i = 0; i < stepRows.length; i++) {
      int at = stepRows[i];
      switch (wanted.get(at)) {
        case NOTHING -> {}
        case CHOICE ->
            results.chosen(at, buffers.hostChoices(i + 1).getAtIndex(ValueLayout.JAVA_INT, i));
        case LOGITS -> results.logits(at, logits(i));
      }
    }
    hostNanos += System.nanoTime() - begin;
  }

  private float[] logits(int index) {
    int columns = buffers.vocabulary();
    if (row.length != columns) {
      row = new float[columns];
    }
    MemorySegment.copy(
        buffers.hostLogits(index + 1),
        ValueLayout.JAVA_FLOAT,
        (long) index * columns * Float.BYTES,
        row,
        0,
        columns);
    return row;
  }

  /** The least size that holds the rows: few sizes, so that few graphs are recorded. */
  static int bucket(int rows) {
    if (rows <= 8) {
      return Integer.highestOneBit(2 * rows - 1);
    }
    return Math.ceilDiv(rows, 8) * 8;
  }

  private long graph(GraphKey key) {
    Long known = graphs.get(key);
    if (known == null) {
      known = record(key);
      graphs.put(key, known);
    }
    return known;
  }

  private long record(GraphKey key) {
    Launcher launcher = new Launcher(driver, model.device().kernels(), stream);
    DecodeLinear linear =
        new DecodeLinear(model, buffers, launcher, key.rows, key.inBlocks, key.inHead);
    RowKernels rowKernels = new RowKernels(launcher, buffers.step(), key.rows);
    linear.prepare();
    driver.beginCapture(stream);
    try {
      new StepLaunches(model, buffers.activations(), rowKernels, attention(launcher, key), linear)
          .layers(key.biased);
      if (key.head) {
        linear.head(rowKernels, key.draws);
      }
    } catch (RuntimeException | Error e) {
      try {
        driver.destroyGraph(driver.endCapture(stream));
      } catch (RuntimeException further) {
        e.addSuppressed(further);
      }
      throw e;
    }
    return driver.endCapture(stream);
  }

  private AttentionKernels attention(Launcher launcher, GraphKey key) {
    return new AttentionKernels(
        launcher,
        new AttentionKernels.Cache(buffers.step(), buffers.tables(), buffers.cache(), shape),
        QueryTiles.NONE,
        model.plan().attended() / shape.headSize(),
        key.rows,
        key.apart);
  }

  private void dropGraphs() {
    graphs.values().forEach(driver::destroyGraph);
    graphs.clear();
  }

  @Override
  public void close() {
    model
        .device()
        .using(() -> {
          model.closed(this);
          dropGraphs();
          prompts.close();
          buffers.close();
          driver.destroyStream(stream);
          return this;
        });
  }
}
