package tributary.model.network;

import java.util.List;
import tributary.gpu.Activations;

/**
 * A part of a block whose projections all read one input. Stages run in order; within one step a
 * stage may leave scratch behind for the next stage's input.
 *
 * @param projections that read the stage's input, in the order in which they are computed
 */
public record Stage(List<Projection> projections, Input input, Output output) {
  public Stage {
    projections = List.copyOf(projections);
  }

  /** Computes what the projections read. */
  @FunctionalInterface
  public interface Input {
    /**
     * The input [T, columns] for {@code hidden} [T, hidden size], which stays as it is; scratch.
     */
    Activations of(Step step, Activations hidden);
  }

  /** Computes the projections and what follows them. */
  @FunctionalInterface
  public interface Output {
    /** Leaves the stage's result in {@code hidden}, or in scratch for the next stage's input. */
    void apply(Step step, Activations hidden, Activations input);
  }
}
