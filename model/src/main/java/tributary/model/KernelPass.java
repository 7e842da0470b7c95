package tributary.model;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import tributary.gpu.Activations;
import tributary.gpu.KvCache;
import tributary.gpu.KvShape;
import tributary.model.BatchLayout.Wanted;
import tributary.model.BatchLayout.What;
import tributary.model.ForwardPass.LogitsSink;
import tributary.model.network.Network;
import tributary.model.network.Step;
import tributary.model.network.Workspace;
import tributary.model.sampling.Candidates;

/** Computes steps kernel by kernel. */
final class KernelPass implements Pass {
  /** Logits of one call of the head; a step that wants more of them calls it several times. */
  private static final long LOGITS_MAX = 1L << 24;

  private final BaseModel base;
  private final Network network;
  private final KvCache cache;
  private final Workspace workspace;
  private final Candidates candidates = new Candidates();
  private float[] wide = {};
  private float[] exact = {};

  private KernelPass(BaseModel base, KvCache cache) {
    this.base = base;
    this.network = base.network();
    this.cache = cache;
    this.workspace = new Workspace(base.backend());
  }

  static KernelPass create(BaseModel base, KvShape shape) {
    return new KernelPass(base, base.backend().kvCache(shape));
  }

  @Override
  public KvCache cache() {
    return cache;
  }

  @Override
  public boolean tellsStates() {
    return true;
  }

  @Override
  public void run(BatchLayout layout, LogitsSink sink) {
    Step step = new Step(base.backend(), base.weights(), workspace, cache, layout.batch());
    Activations hidden = network.hidden(step);

    deliverStates(step, hidden, wanted(layout, row -> row.what() == What.STATE), sink);
    List<Wanted> wanted = wanted(layout, row -> row.what() != What.STATE);
    int columns = step.rowsOf(network.head());
    int blockRows = (int) Math.max(1, LOGITS_MAX / columns);
    for (int first = 0; first < wanted.size(); first += blockRows) {
      int end = Math.min(first + blockRows, wanted.size());
      deliver(step, hidden, wanted.subList(first, end), sink);
    }
  }

  private static List<Wanted> wanted(BatchLayout layout, Predicate<Wanted> which) {
    return layout.wanted().stream().filter(which).toList();
  }

  private void deliverStates(Step step, Activations hidden, List<Wanted> wanted, LogitsSink sink) {
    if (wanted.isEmpty()) {
      return;
    }
    int[] rows = wanted.stream().mapToInt(Wanted::batchRow).sorted().toArray();
    Step selected = step.select(rows);
    Activations states = selected.scratch("last", hidden.columns());
    selected.copyRows(states, hidden, rows);
    network.normalize(selected, states);
    for (Wanted row : wanted) {
      float[] state = new float[states.columns()];
      states.readRow(Arrays.binarySearch(rows, row.batchRow()), state);
      sink.state(row.slice(), row.row(), state);
    }
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
      float[] values = read(logits, computed, row.vocabulary());
      if (row.what() == What.CHOICE) {
        sink.chosen(row.slice(), row.row(), candidates.choice(values, row.draw()));
      } else {
        sink.accept(row.slice(), row.row(), values);
      }
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

  @Override
  public void close() {
    workspace.close();
    cache.close();
  }
}
