package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import tributary.gpu.RowRun;
import tributary.gpu.SequenceRows;
import tributary.gpu.program.CompiledSteps.Rows;
import tributary.gpu.program.CompiledSteps.Wanted;
import tributary.gpu.program.CompiledTenant;
import tributary.gpu.program.Draw;

/** Rows of a step that run in the same launches, as many as the kernels take. */
final class StepPart {
  private final Rows step;
  private final List<SequenceRows> pieces = new ArrayList<>();
  private final List<RowRun<CudaTenant>> runs = new ArrayList<>();
  private int rows;

  private StepPart(Rows step) {
    this.step = step;
  }

  /** Cuts these sequences' rows, in their order. */
  static List<StepPart> split(Rows step, List<SequenceRows> sequences, int rowsMax) {
    List<StepPart> parts = new ArrayList<>();
    StepPart part = new StepPart(step);
    for (SequenceRows sequence : sequences) {
      int taken = 0;
      while (taken < sequence.rows()) {
        int more = part.take(sequence, taken, rowsMax);
        taken += more;
        if (more == 0) {
          parts.add(part);
          part = new StepPart(step);
        }
      }
    }
    if (part.rows > 0) {
      parts.add(part);
    }
    return parts;
  }

  /** Takes what fits of a sequence's further rows, of one tenant at most; returns how many. */
  private int take(SequenceRows sequence, int skipped, int rowsMax) {
    int first = sequence.firstRow() + skipped;
    int end = Math.min(sequence.firstRow() + sequence.rows(), first + rowsMax - rows);
    Optional<CudaTenant> tenant = Optional.empty();
    for (RowRun<CompiledTenant> run : step.tenants()) {
      if (run.firstRow() > first) {
        end = Math.min(end, run.firstRow());
        break;
      }
      if (first < run.endRow()) {
        end = Math.min(end, run.endRow());
        tenant = Optional.of(CudaTenant.of(run.operand()));
        break;
      }
    }
    int taken = end - first;
    if (taken == 0 || !tenant.map(own -> extend(own, taken)).orElse(true)) {
      return 0;
    }
    pieces.add(
        new SequenceRows(first, taken, sequence.firstPosition() + skipped, sequence.pages()));
    rows += taken;
    return taken;
  }

  /** Makes the next rows a tenant's; false when there are too many runs for one launch. */
  private boolean extend(CudaTenant tenant, int more) {
    if (!runs.isEmpty()) {
      RowRun<CudaTenant> last = runs.getLast();
      if (last.operand() == tenant && last.endRow() == rows) {
        runs.set(runs.size() - 1, new RowRun<>(last.firstRow(), last.rows() + more, tenant));
        return true;
      }
    }
    return runs.size() < StepLayout.RUNS_MAX && runs.add(new RowRun<>(rows, more, tenant));
  }

  /** The rows of which something is wanted, in parts for the head alone: they have no pages. */
  List<StepPart> wanted(int rowsMax) {
    List<SequenceRows> found = new ArrayList<>();
    for (SequenceRows piece : pieces) {
      for (int i = 0; i < piece.rows(); i++) {
        int row = piece.firstRow() + i;
        if (step.wanted().get(row) != Wanted.NOTHING) {
          found.add(new SequenceRows(row, 1, piece.firstPosition() + i, new int[0]));
        }
      }
    }
    return split(step, found, rowsMax);
  }

  int rows() {
    return rows;
  }

  /** True when no two rows are of one sequence. */
  boolean apart() {
    return pieces.size() == rows;
  }

  /** Its rows, as those of the step. */
  int[] stepRows() {
    int[] all = new int[rows];
    int next = 0;
    for (SequenceRows piece : pieces) {
      for (int i = 0; i < piece.rows(); i++) {
        all[next++] = piece.firstRow() + i;
      }
    }
    return all;
  }

  boolean wants(Wanted wanted) {
    return pieces.stream()
        .anyMatch(piece ->
            step.wanted()
                .subList(piece.firstRow(), piece.firstRow() + piece.rows())
                .contains(wanted));
  }

  /** True when some row's choice is not simply the likeliest. */
  boolean draws() {
    return Arrays.stream(stepRows()).anyMatch(row -> !draw(row).isGreedy());
  }

  private Draw draw(int row) {
    return step.wanted().get(row) == Wanted.CHOICE ? step.draws().get(row) : Draw.GREEDY;
  }

  /** True when some row has a tenant. */
  boolean hasTenants() {
    return !runs.isEmpty();
  }

  /** Tenants of rows, which are numbered from the part's first. */
  List<RowRun<CudaTenant>> runs() {
    return runs;
  }

  /** What rows' tenants differ in, in the projections of blocks. */
  FusedLinear.Kinds inBlocks() {
    return kinds(CudaTenant::inBlocks);
  }

  /** What rows' tenants differ in, in the head. */
  FusedLinear.Kinds inHead() {
    return kinds(CudaTenant::inHead);
  }

  private FusedLinear.Kinds kinds(Function<CudaTenant, FusedLinear.Kinds> of) {
    return runs.stream()
        .map(run -> of.apply(run.operand()))
        .reduce(FusedLinear.Kinds.NONE, FusedLinear.Kinds::or);
  }

  /** True when some row's tenant has a bias of its own. */
  boolean biased() {
    return runs.stream().anyMatch(run -> run.operand().biased());
  }

  /** Neighbouring rows of sequences; rows are numbered as the step's. */
  List<SequenceRows> pieces() {
    return pieces;
  }

  /** Entries of the page tables of all sequences. */
  int pageEntries() {
    return pieces.stream().mapToInt(piece -> piece.pages().length).sum();
  }

  /**
   * Writes the description of the rows, then the page tables; returns how many bytes.
   *
   * @param room rows that the kernels compute at least
   */
  long write(MemorySegment to, int room) {
    StepLayout.clear(to, rows, room);
    long tables = StepLayout.bytes(room);
    int row = 0;
    int entry = 0;
    for (SequenceRows piece : pieces) {
      for (int i = 0; i < piece.rows(); i++) {
        int token = step.tokens()[piece.firstRow() + i];
        StepLayout.setRow(to, row++, token, piece.firstPosition() + i, entry);
      }
      long at = tables + (long) entry * Integer.BYTES;
      int[] pages = piece.pages();
      MemorySegment.copy(pages, 0, to, ValueLayout.JAVA_INT, at, pages.length);
      entry += pages.length;
    }
    for (RowRun<CudaTenant> run : runs) {
      StepLayout.addRun(to, run.operand(), run.firstRow(), run.rows());
    }
    return tables + (long) entry * Integer.BYTES;
  }

  /** Adds to the description how choices are drawn, of as many rows as a head takes. */
  void writeDraws(MemorySegment to) {
    int[] stepRows = stepRows();
    for (int i = 0; i < stepRows.length; i++) {
      StepLayout.setDraw(to, i, draw(stepRows[i]));
    }
  }
}
