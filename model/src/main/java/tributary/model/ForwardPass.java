package tributary.model;

import tributary.gpu.KvCache;
import tributary.gpu.KvShape;
import tributary.gpu.program.CompiledModel;

/** Computes steps of a model over a KV cache. Used by one thread at a time. */
public final class ForwardPass implements AutoCloseable {
  private final BaseModel base;
  private final Pass pass;

  private ForwardPass(BaseModel base, Pass pass) {
    this.base = base;
    this.pass = pass;
  }

  /**
   * Takes what it needs from the base's backend: a KV cache of {@code pages} pages, activations.
   */
  public static ForwardPass create(BaseModel base, int pages, int pageTokens) {
    KvShape shape = kvShape(base.config(), pages, pageTokens);
    CompiledModel compiled = base.compiled();
    return new ForwardPass(
        base,
        compiled == null
            ? KernelPass.create(base, shape)
            : new CompiledPass(compiled.steps(shape)));
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

    /**
     * Takes what was drawn for a slice of which only that is wanted.
     *
     * @param token negative when the logits allow none
     */
    default void chosen(int slice, int row, int token) {
      throw new IllegalStateException("nobody asked for choices");
    }

    /**
     * Takes the state of a row of which that is wanted.
     *
     * @param state [hidden], behind the final norm; the receiver's own
     */
    default void state(int slice, int row, float[] state) {
      throw new IllegalStateException("nobody asked for states");
    }
  }

  /**
   * Runs one step: KV of all rows is written, what is wanted goes to {@code sink}, a slice's rows
   * ascending.
   */
  public void run(StepBatch batch, LogitsSink sink) {
    if (batch.slices().isEmpty()) {
      return;
    }
    pass.run(BatchLayout.of(batch, base, pass.cache().shape()), sink);
  }

  /** Whether slices may want states; a backend that compiles its steps brings none back. */
  public boolean tellsStates() {
    return pass.tellsStates();
  }

  public KvCache cache() {
    return pass.cache();
  }

  @Override
  public void close() {
    pass.close();
  }
}
