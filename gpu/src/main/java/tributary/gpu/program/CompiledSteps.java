package tributary.gpu.program;

import java.util.Collections;
import java.util.List;
import tributary.gpu.KvShape;
import tributary.gpu.RowRun;
import tributary.gpu.SequenceRows;

/** Runs a compiled model's steps over a cache of keys and values; one thread at a time. */
public interface CompiledSteps extends AutoCloseable {
  /** What is wanted of a row. */
  enum Wanted {
    /** Its keys and values. */
    NOTHING,
    /** The token that its draw gives. */
    CHOICE,
    /** All logits. */
    LOGITS
  }

  /**
   * The rows of a step.
   *
   * @param tokens one a row
   * @param tenants ascending runs; rows outside them are the base's
   * @param sequences which rows continue which sequence; they cover all rows
   * @param wanted one a row
   * @param draws one a row, of which those of rows that want a choice count
   */
  record Rows(
      int[] tokens,
      List<RowRun<CompiledTenant>> tenants,
      List<SequenceRows> sequences,
      List<Wanted> wanted,
      List<Draw> draws) {
    public Rows {
      tenants = List.copyOf(tenants);
      sequences = List.copyOf(sequences);
      wanted = List.copyOf(wanted);
      draws = List.copyOf(draws);
    }

    /** Rows whose choices are the likeliest tokens. */
    public Rows(
        int[] tokens,
        List<RowRun<CompiledTenant>> tenants,
        List<SequenceRows> sequences,
        List<Wanted> wanted) {
      this(tokens, tenants, sequences, wanted, Collections.nCopies(tokens.length, Draw.GREEDY));
    }
  }

  /** Is told what came out: rows of a sequence ascending, sequences in any order. */
  interface Results {
    /** The choice of a row; negative when its logits allow none. */
    void chosen(int row, int token);

    /**
     * All logits of a row, of the widest variant; those that the row's variant lacks are negative
     * infinity. Valid during the call only.
     */
    void logits(int row, float[] logits);
  }

  KvShape cache();

  /**
   * Computes all rows to their end.
   *
   * @throws tributary.protocol.TributaryException {@code device_memory} when the step does not fit
   *     into the device's memory; {@code device_failed} when the model has to be restarted
   */
  void run(Rows rows, Results results);

  /** Nanoseconds that the device has waited for the host in all steps so far. */
  long hostNanos();

  @Override
  void close();
}
