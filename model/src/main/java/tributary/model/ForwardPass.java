package tributary.model;

import tributary.gpu.KvCache;
import tributary.gpu.KvShape;

/** Computes steps of a model over a KV cache. Used by one thread at a time. */
public final class ForwardPass implements AutoCloseable {
  /** Takes what it needs from the base's backend: a KV cache of {@code pages} pages, activations. */
  public static ForwardPass create(BaseModel base, int pages, int pageTokens) {
    throw new UnsupportedOperationException();
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
     * @param logits [vocabulary of the slice's variant]; valid during the call only
     */
    void accept(int slice, int row, float[] logits);
  }

  /**
   * Runs one step: KV of all rows is written, wanted logits go to {@code sink}, slice by slice in
   * the batch's order, rows ascending.
   */
  public void run(StepBatch batch, LogitsSink sink) {
    throw new UnsupportedOperationException();
  }

  public KvCache cache() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
