package tributary.gpu;

import java.util.List;

/** The small steps between kernels. All operands of one call have equal shapes unless said. */
public interface Elementwise {
  /** {@code out += x}. */
  void add(Activations out, Activations x);

  /** {@code out[t, c] += bias[c]} for the rows of each run. */
  void addBias(Activations out, List<RowRun<WeightVector>> biases);

  /** {@code out = gate / (1 + exp(-gate)) * up}; {@code out} may be {@code gate}. */
  void siluMultiply(Activations out, Activations gate, Activations up);

  /** {@code out[i] = x[rows[i]]}; out has {@code rows.length} rows and x's columns. */
  void copyRows(Activations out, Activations x, int[] rows);
}
