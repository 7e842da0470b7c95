package tributary.compression;

import java.lang.foreign.Arena;
import tributary.tensor.format.MatrixCode;

/** Codes the differences of linear layers, one after the other in the order of the network. */
@FunctionalInterface
public interface LinearEncoder {
  /**
   * Codes one difference. The same problem gives the same code on every machine.
   *
   * @param arena owns the memory of the code
   */
  MatrixCode encode(LinearProblem problem, Arena arena);
}
