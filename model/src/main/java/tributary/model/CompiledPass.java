package tributary.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.gpu.KvCache;
import tributary.gpu.KvShape;
import tributary.gpu.RowRun;
import tributary.gpu.program.CompiledSteps;
import tributary.gpu.program.CompiledTenant;
import tributary.gpu.program.Draw;
import tributary.model.BatchLayout.Wanted;
import tributary.model.ForwardPass.LogitsSink;
import tributary.model.network.Differences;
import tributary.model.network.Step;

/** Computes steps on a device that compiled the model. */
final class CompiledPass implements Pass {
  /** The cache is the device's own. */
  private record Cache(KvShape shape) implements KvCache {
    @Override
    public void close() {}
  }

  private final CompiledSteps steps;

  CompiledPass(CompiledSteps steps) {
    this.steps = steps;
  }

  @Override
  public KvCache cache() {
    return new Cache(steps.cache());
  }

  /** A compiled step brings back logits and choices. */
  @Override
  public boolean tellsStates() {
    return false;
  }

  @Override
  public void run(BatchLayout layout, LogitsSink sink) {
    Step.Batch batch = layout.batch();
    int rows = batch.tokens().length;
    Wanted[] wantedOf = new Wanted[rows];
    List<CompiledSteps.Wanted> wanted =
        new ArrayList<>(Collections.nCopies(rows, CompiledSteps.Wanted.NOTHING));
    List<Draw> draws = new ArrayList<>(Collections.nCopies(rows, Draw.GREEDY));
    for (Wanted each : layout.wanted()) {
      if (each.what() == BatchLayout.What.STATE) {
        throw new IllegalArgumentException("a compiled step tells no states");
      }
      wantedOf[each.batchRow()] = each;
      draws.set(each.batchRow(), each.draw());
      wanted.set(
          each.batchRow(),
          each.what() == BatchLayout.What.CHOICE
              ? CompiledSteps.Wanted.CHOICE
              : CompiledSteps.Wanted.LOGITS);
    }
    List<RowRun<CompiledTenant>> tenants = new ArrayList<>();
    for (RowRun<Differences> run : batch.tenants().tenants()) {
      tenants.add(new RowRun<>(run.firstRow(), run.rows(), run.operand().compiled()));
    }
    steps.run(
        new CompiledSteps.Rows(batch.tokens(), tenants, batch.sequences(), wanted, draws),
        new Delivery(wantedOf, sink));
  }

  /** Hands results out by slices instead of rows. */
  private static final class Delivery implements CompiledSteps.Results {
    private final @Nullable Wanted[] wantedOf;
    private final LogitsSink sink;
    private float[] exact = {};

    Delivery(@Nullable Wanted[] wantedOf, LogitsSink sink) {
      this.wantedOf = wantedOf;
      this.sink = sink;
    }

    @Override
    public void chosen(int row, int token) {
      Wanted wanted = wanted(row);
      sink.chosen(wanted.slice(), wanted.row(), token);
    }

    @Override
    public void logits(int row, float[] logits) {
      Wanted wanted = wanted(row);
      if (logits.length == wanted.vocabulary()) {
        sink.accept(wanted.slice(), wanted.row(), logits);
        return;
      }
      if (exact.length != wanted.vocabulary()) {
        exact = new float[wanted.vocabulary()];
      }
      System.arraycopy(logits, 0, exact, 0, exact.length);
      sink.accept(wanted.slice(), wanted.row(), exact);
    }

    private Wanted wanted(int row) {
      Wanted wanted = wantedOf[row];
      if (wanted == null) {
        throw new AssertionError("nothing is wanted of row " + row);
      }
      return wanted;
    }
  }

  @Override
  public void close() {
    steps.close();
  }
}
