package tributary.compression;

import java.lang.foreign.Arena;
import tributary.tensor.format.DeltaTensor;

/** Codes the differences of linear layers, one after the other in the order of the network. */
@FunctionalInterface
public interface LinearEncoder {
  /**
   * Codes one difference. The same problem gives the same code on every machine.
   *
   * @param arena owns the memory of the code
   * @return of the rows that the base has
   */
  DeltaTensor.Coded encode(LinearProblem problem, Arena arena);
}
