package tributary.model;

import java.util.List;
import java.util.Optional;
import tributary.gpu.program.Draw;
import tributary.model.sampling.Sampler;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;

/**
 * The rows of one forward pass: slices of sequences, any tenants, in any order (the pass sorts them
 * by delta).
 */
public record StepBatch(List<Slice> slices) {
  /**
   * Consecutive tokens of one sequence.
   *
   * @param delta whose variant computes them
   * @param tokens ids, at least one
   * @param firstPosition of the first token; earlier positions are in the KV cache
   * @param pages the sequence's page table, covering {@code firstPosition + tokens.length}
   * @param logits which of the rows' logits are wanted, or what of them
   * @param draw how the last row's token is chosen where that is wanted
   */
  public record Slice(
      ResidentDelta delta,
      int[] tokens,
      int firstPosition,
      int[] pages,
      LogitRows logits,
      Draw draw) {
    /** A slice whose choice is the likeliest token. */
    public Slice(
        ResidentDelta delta, int[] tokens, int firstPosition, int[] pages, LogitRows logits) {
      this(delta, tokens, firstPosition, pages, logits, Draw.GREEDY);
    }

    /**
     * The same, wanting its next token: the choice where that depends on its logits alone, else the
     * logits.
     *
     * @param index of the token in the output
     */
    public Slice drawing(Sampling sampling, StopRule stop, int index) {
      Optional<Draw> simple = Sampler.simple(sampling, stop, index);
      return new Slice(
          delta,
          tokens,
          firstPosition,
          pages,
          simple.isPresent() ? LogitRows.CHOICE : LogitRows.LAST,
          simple.orElse(Draw.GREEDY));
    }
  }

  /** Which rows of a slice need logits. */
  public enum LogitRows {
    NONE,
    LAST,
    ALL,
    /** Of the last row, only which token the draw gives; the logits stay where they are. */
    CHOICE,
    /** No logits: the last row's state behind the final norm. */
    STATE
  }

  public StepBatch {
    slices = List.copyOf(slices);
  }
}
