package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import tributary.gpu.RowRun;
import tributary.gpu.SequenceRows;
import tributary.gpu.program.CompiledSteps.Rows;
import tributary.gpu.program.CompiledSteps.Wanted;
import tributary.gpu.program.CompiledTenant;
import tributary.gpu.program.Draw;

/** Neighbouring rows of a step that run in one launch of its graph: as many as the kernels take. */
final class StepPart {
  private final Rows step;
  private final int firstRow;
  private final int endRow;
  private final List<RowRun<CudaTenant>> runs = new ArrayList<>();
  private final List<SequenceRows> sequences = new ArrayList<>();

  private StepPart(Rows step, int firstRow, int endRow) {
    this.step = step;
    this.firstRow = firstRow;
    this.endRow = endRow;
    for (RowRun<CompiledTenant> run : step.tenants()) {
      int first = Math.max(run.firstRow(), firstRow);
      int end = Math.min(run.endRow(), endRow);
      if (first < end) {
        runs.add(new RowRun<>(first, end - first, CudaTenant.of(run.operand())));
      }
    }
    for (SequenceRows sequence : step.sequences()) {
      if (sequence.firstRow() < endRow && sequence.firstRow() + sequence.rows() > firstRow) {
        sequences.add(sequence);
      }
    }
  }

  /** Cuts a step's rows, in their order. */
  static List<StepPart> split(Rows step, int rowsMax) {
    List<StepPart> parts = new ArrayList<>();
    int rows = step.tokens().length;
    int first = 0;
    while (first < rows) {
      int end = Math.min(rows, first + rowsMax);
      parts.add(new StepPart(step, first, end));
      first = end;
    }
    return parts;
  }

  int firstRow() {
    return firstRow;
  }

  int rows() {
    return endRow - firstRow;
  }

  boolean wants(Wanted wanted) {
    return step.wanted().subList(firstRow, endRow).contains(wanted);
  }

  /** True when some row's choice is not simply the likeliest. */
  boolean draws() {
    return IntStream.range(firstRow, endRow).anyMatch(row -> !draw(row).isGreedy());
  }

  private Draw draw(int row) {
    return step.wanted().get(row) == Wanted.CHOICE ? step.draws().get(row) : Draw.GREEDY;
  }

  /** True when some row has a tenant. */
  boolean hasTenants() {
    return !runs.isEmpty();
  }

  /** True when some row's tenant has a bias of its own. */
  boolean biased() {
    return runs.stream().anyMatch(run -> run.operand().biased());
  }

  /** Entries of the page tables of all sequences. */
  int pageEntries() {
    return sequences.stream().mapToInt(sequence -> sequence.pages().length).sum();
  }

  /** Writes the description of the rows, then the page tables; returns how many bytes. */
  long write(MemorySegment to) {
    StepLayout.clear(to, rows());
    for (RowRun<CudaTenant> run : runs) {
      StepLayout.addRun(to, run.operand(), run.firstRow() - firstRow, run.rows());
    }
    int entry = 0;
    for (SequenceRows sequence : sequences) {
      int first = Math.max(sequence.firstRow(), firstRow);
      int end = Math.min(sequence.firstRow() + sequence.rows(), endRow);
      for (int row = first; row < end; row++) {
        int position = sequence.firstPosition() + row - sequence.firstRow();
        StepLayout.setRow(to, row - firstRow, step.tokens()[row], position, entry);
        StepLayout.setDraw(to, row - firstRow, draw(row));
      }
      MemorySegment.copy(
          sequence.pages(),
          0,
          to,
          ValueLayout.JAVA_INT,
          StepLayout.BYTES + (long) entry * Integer.BYTES,
          sequence.pages().length);
      entry += sequence.pages().length;
    }
    return StepLayout.BYTES + (long) entry * Integer.BYTES;
  }
}
