package tributary.model;

import java.util.Arrays;
import java.util.List;
import tributary.gpu.Activations;
import tributary.gpu.KvCache;
import tributary.gpu.KvShape;
import tributary.model.BatchLayout.Wanted;
import tributary.model.network.Network;
import tributary.model.network.Step;
import tributary.model.network.Workspace;

/** Computes steps of a model over a KV cache. Used by one thread at a time. */
public final class ForwardPass implements AutoCloseable {
  /** Logits of one call of the head; a step that wants more of them calls it several times. */
  private static final long LOGITS_MAX = 1L << 24;

  private final BaseModel base;
  private final Network network;
  private final KvCache cache;
  private final Workspace workspace;
  private float[] wide = {};
  private float[] exact = {};

  private ForwardPass(BaseModel base, KvCache cache) {
    this.base = base;
    this.network = base.network();
    this.cache = cache;
    this.workspace = new Workspace(base.backend());
  }

  /**
   * Takes what it needs from the base's backend: a KV cache of {@code pages} pages, activations.
   */
  public static ForwardPass create(BaseModel base, int pages, int pageTokens) {
    KvShape shape = kvShape(base.config(), pages, pageTokens);
    return new ForwardPass(base, base.backend().kvCache(shape));
  }

  public static KvShape kvShape(ModelConfig config, int pages, int pageTokens) {
    return new KvShape(config.layers(), config.kvHeads(), config.headSize(), pageTokens, pages);
  }

  /**
   * Receives logits.
   *
   * @see #run
   */
  @FunctionalInterface
  public interface LogitsSink {
    /**
     * @param slice index into the batch's slices, as given
     * @param row index into that slice's tokens
     * @param logits [vocabulary of the slice's variant]; valid during the call only, and free to be
     *     changed
     */
    void accept(int slice, int row, float[] logits);
  }

  /**
   * Runs one step: KV of all rows is written, wanted logits go to {@code sink}, slice by slice in
   * the batch's order, rows ascending.
   */
  public void run(StepBatch batch, LogitsSink sink) {
    if (batch.slices().isEmpty()) {
      return;
    }
    BatchLayout layout = BatchLayout.of(batch, base, cache.shape());
    Step step = new Step(base.backend(), base.weights(), workspace, cache, layout.batch());
    Activations hidden = network.hidden(step);

    int columns = step.rowsOf(network.head());
    int blockRows = (int) Math.max(1, LOGITS_MAX / columns);
    List<Wanted> wanted = layout.wanted();
    for (int first = 0; first < wanted.size(); first += blockRows) {
      int end = Math.min(first + blockRows, wanted.size());
      deliver(step, hidden, wanted.subList(first, end), sink);
    }
  }

  public KvCache cache() {
    return cache;
  }

  @Override
  public void close() {
    workspace.close();
    cache.close();
  }

  /** Computes the wanted rows in batch order, tenant by tenant, and hands them out as asked. */
  private void deliver(Step step, Activations hidden, List<Wanted> wanted, LogitsSink sink) {
    int[] rows = wanted.stream().mapToInt(Wanted::batchRow).sorted().toArray();
    Step selected = step.select(rows);
    int columns = selected.rowsOf(network.head());
    Activations last = selected.scratch("last", hidden.columns());
    Activations logits = selected.scratch("logits", columns);
    selected.copyRows(last, hidden, rows);
    network.logits(selected, logits, last);
    for (Wanted row : wanted) {
      int computed = Arrays.binarySearch(rows, row.batchRow());
      sink.accept(row.slice(), row.row(), read(logits, computed, row.vocabulary()));
    }
  }

  private float[] read(Activations logits, int row, int vocabulary) {
    if (exact.length != vocabulary) {
      exact = new float[vocabulary];
    }
    if (logits.columns() == vocabulary) {
      logits.readRow(row, exact);
      return exact;
    }
    if (wide.length != logits.columns()) {
      wide = new float[logits.columns()];
    }
    logits.readRow(row, wide);
    System.arraycopy(wide, 0, exact, 0, vocabulary);
    return exact;
  }
}
