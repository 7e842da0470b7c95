package tributary.gpu.program;

import java.util.List;

/**
 * What every step of a model computes, from its tokens to logits.
 *
 * @param ops in the order in which they run
 * @param logits the buffer that holds the logits in the end
 */
public record StepProgram(List<StepOp> ops, int logits) {
  public StepProgram {
    ops = List.copyOf(ops);
  }
}
