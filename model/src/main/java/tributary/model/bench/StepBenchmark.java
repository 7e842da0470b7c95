package tributary.model.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.StepBatch.LogitRows;
import tributary.protocol.TributaryException;

/**
 * Times single steps of any shape: the forward pass and a greedy choice for each slice. The cache
 * before a slice holds one and the same token at every position.
 */
public final class StepBenchmark implements AutoCloseable {
  private static final int PAGE_TOKENS = 16;
  private static final int TOKEN = 3;
  private static final int FILLED_AT_ONCE = 256;

  /**
   * Some tokens of one sequence.
   *
   * @param delta index of its delta, or {@link #BASE}
   * @param first position of the tokens
   */
  public record Slice(int delta, int first, int count) {}

  /** The delta of a slice that runs the base. */
  public static final int BASE = -1;

  private final List<ResidentDelta> deltas;
  private final ForwardPass pass;
  private final int pagesEach;
  private final int slicesMax;

  /**
   * @param slicesMax of a step
   * @param positionsMax of a sequence
   */
  public StepBenchmark(
      BaseModel base, List<ResidentDelta> deltas, int slicesMax, int positionsMax) {
    if (positionsMax > base.config().contextLength()) {
      throw TributaryException.parameter(
          "positions", positionsMax, 1, base.config().contextLength());
    }
    this.deltas = List.copyOf(deltas);
    this.slicesMax = slicesMax;
    this.pagesEach = Math.ceilDiv(positionsMax, PAGE_TOKENS);
    this.pass = ForwardPass.create(base, slicesMax * pagesEach, PAGE_TOKENS);
    for (int sequence = 0; sequence < slicesMax; sequence++) {
      fill(sequence, positionsMax);
    }
  }

  /** Writes every position of a sequence's cache, a piece at a time. */
  private void fill(int sequence, int positions) {
    for (int first = 0; first < positions; first += FILLED_AT_ONCE) {
      int count = Math.min(FILLED_AT_ONCE, positions - first);
      pass.run(
          new StepBatch(List.of(row(sequence, new Slice(BASE, first, count), LogitRows.NONE))),
          (_, _, _) -> {});
    }
  }

  /** The median of so many runs, in nanoseconds, after one that does not count. */
  public long nanos(List<Slice> slices, int runs) {
    if (slices.isEmpty() || slices.size() > slicesMax) {
      throw TributaryException.parameter("slices", slices.size(), 1, slicesMax);
    }
    StepBatch batch = batch(slices);
    long[] nanos = new long[runs];
    for (int run = -1; run < runs; run++) {
      long start = System.nanoTime();
      pass.run(batch, (_, _, logits) -> choose(logits));
      if (run >= 0) {
        nanos[run] = System.nanoTime() - start;
      }
    }
    Arrays.sort(nanos);
    return nanos[runs / 2];
  }

  private StepBatch batch(List<Slice> slices) {
    List<StepBatch.Slice> rows = new ArrayList<>();
    for (int i = 0; i < slices.size(); i++) {
      rows.add(row(i, slices.get(i), LogitRows.LAST));
    }
    return new StepBatch(rows);
  }

  private StepBatch.Slice row(int sequence, Slice slice, LogitRows logits) {
    int[] tokens = new int[slice.count];
    Arrays.fill(tokens, TOKEN);
    int[] pages = IntStream.range(sequence * pagesEach, (sequence + 1) * pagesEach).toArray();
    ResidentDelta delta = slice.delta == BASE ? ResidentDelta.none() : deltas.get(slice.delta);
    return new StepBatch.Slice(delta, tokens, slice.first, pages, logits);
  }

  /** Costs what a greedy draw costs. */
  private static void choose(float[] logits) {
    if (likeliest(logits) < 0) {
      throw new AssertionError("no token is the likeliest");
    }
  }

  /** The greedy choice. */
  static int likeliest(float[] logits) {
    int best = 0;
    for (int token = 1; token < logits.length; token++) {
      if (logits[token] > logits[best]) {
        best = token;
      }
    }
    return best;
  }

  @Override
  public void close() {
    pass.close();
  }
}
