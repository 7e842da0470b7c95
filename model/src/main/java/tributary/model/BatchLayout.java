package tributary.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tributary.gpu.KvShape;
import tributary.gpu.RowRun;
import tributary.gpu.SequenceRows;
import tributary.gpu.program.Draw;
import tributary.model.network.Differences;
import tributary.model.network.Parameter;
import tributary.model.network.Step;
import tributary.model.network.TenantRows;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * A step's rows in the order in which they are computed: slices of one tenant side by side.
 *
 * @param batch rows as the network sees them
 * @param wanted rows whose logits are wanted, in the order of the step's slices
 */
record BatchLayout(Step.Batch batch, List<Wanted> wanted) {
  /**
   * A row whose logits somebody waits for.
   *
   * @param slice index into the step's slices
   * @param row index into the slice's tokens
   * @param batchRow where that row is computed
   * @param vocabulary logits that the slice's variant has
   * @param what of the row
   * @param draw how its token is chosen
   */
  record Wanted(int slice, int row, int batchRow, int vocabulary, What what, Draw draw) {}

  /** What somebody waits for. */
  enum What {
    LOGITS,
    /** Which token the draw gives. */
    CHOICE,
    STATE
  }

  BatchLayout {
    wanted = List.copyOf(wanted);
  }

  /** Lays out a step, having checked that it can be computed. */
  static BatchLayout of(StepBatch step, BaseModel base, KvShape cache) {
    List<StepBatch.Slice> slices = step.slices();
    Map<ResidentDelta, List<Integer>> byTenant = new LinkedHashMap<>();
    int rows = 0;
    for (int i = 0; i < slices.size(); i++) {
      check(slices.get(i), base, cache);
      byTenant.computeIfAbsent(slices.get(i).delta(), _ -> new ArrayList<>()).add(i);
      rows = Math.addExact(rows, slices.get(i).tokens().length);
    }

    int[] tokens = new int[rows];
    int[] firstRows = new int[slices.size()];
    List<RowRun<Differences>> tenants = new ArrayList<>(byTenant.size());
    List<SequenceRows> sequences = new ArrayList<>(slices.size());
    int next = 0;
    for (Map.Entry<ResidentDelta, List<Integer>> tenant : byTenant.entrySet()) {
      int first = next;
      for (int index : tenant.getValue()) {
        StepBatch.Slice slice = slices.get(index);
        int count = slice.tokens().length;
        System.arraycopy(slice.tokens(), 0, tokens, next, count);
        sequences.add(new SequenceRows(next, count, slice.firstPosition(), slice.pages()));
        firstRows[index] = next;
        next += count;
      }
      Differences differences = tenant.getKey().differences();
      if (differences != null) {
        tenants.add(new RowRun<>(first, next - first, differences));
      }
    }
    TenantRows tenantRows = new TenantRows(rows, tenants);
    return new BatchLayout(
        new Step.Batch(tokens, tenantRows, sequences), wanted(slices, firstRows, base));
  }

  private static List<Wanted> wanted(
      List<StepBatch.Slice> slices, int[] firstRows, BaseModel base) {
    List<Wanted> wanted = new ArrayList<>();
    for (int i = 0; i < slices.size(); i++) {
      StepBatch.Slice slice = slices.get(i);
      int count = slice.tokens().length;
      int from =
          switch (slice.logits()) {
            case NONE -> count;
            case LAST, CHOICE, STATE -> count - 1;
            case ALL -> 0;
          };
      What what =
          switch (slice.logits()) {
            case NONE, LAST, ALL -> What.LOGITS;
            case CHOICE -> What.CHOICE;
            case STATE -> What.STATE;
          };
      int vocabulary = rows(slice.delta().differences(), base.network().head());
      for (int row = from; row < count; row++) {
        wanted.add(new Wanted(i, row, firstRows[i] + row, vocabulary, what, slice.draw()));
      }
    }
    return wanted;
  }

  private static void check(StepBatch.Slice slice, BaseModel base, KvShape cache) {
    if (!slice.delta().fits(base)) {
      throw new IllegalArgumentException("slice's delta was loaded over another base");
    }
    int count = slice.tokens().length;
    long covered = (long) slice.pages().length * cache.pageTokens();
    if (count < 1 || slice.firstPosition() < 0 || covered < (long) slice.firstPosition() + count) {
      throw new IllegalArgumentException(
          "slice: tokens=%d firstPosition=%d; its %d pages cover %d positions"
              .formatted(count, slice.firstPosition(), slice.pages().length, covered));
    }
    for (int page : slice.pages()) {
      if (page < 0 || page >= cache.pages()) {
        throw new IllegalArgumentException(
            "slice: page %d is not one of the cache's %d".formatted(page, cache.pages()));
      }
    }
    int vocabulary = rows(slice.delta().differences(), base.network().embedding());
    for (int token : slice.tokens()) {
      if (token < 0 || token >= vocabulary) {
        throw new TributaryException(
            ErrorCode.INVALID_REQUEST,
            "token id %d is not in the model's vocabulary of %d".formatted(token, vocabulary));
      }
    }
  }

  private static int rows(@Nullable Differences differences, Parameter.Matrix matrix) {
    return differences == null ? matrix.rows() : differences.rows(matrix);
  }
}
