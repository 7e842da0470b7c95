package tributary.gpu.program;

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
    /** The lowest of the tokens with the largest logit. */
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
   */
  record Rows(
      int[] tokens,
      List<RowRun<CompiledTenant>> tenants,
      List<SequenceRows> sequences,
      List<Wanted> wanted) {
    public Rows {
      tenants = List.copyOf(tenants);
      sequences = List.copyOf(sequences);
      wanted = List.copyOf(wanted);
    }
  }

  /** Is told what came out, rows ascending. */
  interface Results {
    /** The choice of a row; negative when none of its logits is a number. */
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
