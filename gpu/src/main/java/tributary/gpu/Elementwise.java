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

  /** {@code out = kind(x)}; {@code out} may be {@code x}. */
  void activate(Activations out, Activations x, Activation kind);

  /** {@code out *= x}. */
  void multiply(Activations out, Activations x);

  /** {@code out *= factor}. */
  void scale(Activations out, float factor);

  /** {@code out = cap * tanh(out / cap)}, cap above 0. */
  void softCap(Activations out, float cap);

  /**
   * Blocks of columns, {@code width} wide, that begin {@code stride} apart from {@code first} on:
   * the queries among the outputs of a layer that makes queries, keys and values, for instance.
   */
  record Columns(int first, int width, int stride) {
    /** A single block. */
    public static Columns block(int first, int width) {
      return new Columns(first, width, width);
    }
  }

  /**
   * {@code out[t, b * width + c] = x[t, first + b * stride + c]} for every block b that fits out,
   * whose columns are a multiple of the width; out has x's rows.
   */
  void copyColumns(Activations out, Activations x, Columns columns);

  /** {@code out[i] = x[rows[i]]}; out has {@code rows.length} rows and x's columns. */
  void copyRows(Activations out, Activations x, int[] rows);
}
