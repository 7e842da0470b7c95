package tributary.gpu.program;

import tributary.gpu.Attention;
import tributary.gpu.Rope;

/**
 * One kernel call of a step; buffers are numbered in the order in which the step asked for them,
 * and what each call computes is the contract of the same meaning in {@code tributary.gpu}.
 */
public sealed interface StepOp {
  /** {@link tributary.gpu.Gather} of the step's tokens. */
  record Embed(int out, int matrix) implements StepOp {}

  /** {@link tributary.gpu.Linear}. */
  record Multiply(int out, int x, int matrix) implements StepOp {}

  /** {@link tributary.gpu.Elementwise#addBias}; tenants, or all, may have no such bias. */
  record AddBias(int out, int vector) implements StepOp {}

  /** {@link tributary.gpu.RmsNorm}. */
  record Normalize(int out, int x, int vector, float epsilon) implements StepOp {}

  /** {@link Rope}. */
  record Rotate(int q, int k, int v, Rope.Frequencies frequencies, int layer) implements StepOp {}

  /** {@link tributary.gpu.Attention}. */
  record Attend(int out, int q, int layer, Attention.Scores scores) implements StepOp {}

  /** {@link tributary.gpu.Elementwise#add}. */
  record Add(int out, int x) implements StepOp {}

  /** {@link tributary.gpu.Elementwise#siluMultiply}. */
  record Gate(int out, int gate, int up) implements StepOp {}

  /**
   * A call that no device compiles yet.
   *
   * @param what it computes, in words
   */
  record Other(String what) implements StepOp {}
}
