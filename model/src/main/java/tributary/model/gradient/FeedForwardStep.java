package tributary.model.gradient;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Activation;
import tributary.gpu.Elementwise.Columns;
import tributary.gpu.Gemm;
import tributary.model.decoder.FeedForward;

/** A feed-forward layer: {@code down(f(gate(x)) up(x))}, or {@code down(f(up(x)))}. */
final class FeedForwardStep {
  /**
   * What the layers that read the input make of it.
   *
   * @param gate [T, width], null where there is none
   * @param up [T, width]
   */
  record Opened(@Nullable Matrix gate, Matrix up) {}

  private final List<LinearStep> readers;
  private final List<Columns> columns;
  private final LinearStep down;
  private final Activation activation;
  private final int width;

  FeedForwardStep(DenseModel model, Gemm gemm, FeedForward layer) {
    this.readers =
        layer.readers().stream()
            .map(projection -> new LinearStep(model, gemm, projection))
            .toList();
    this.columns =
        switch (layer) {
          case FeedForward.FusedGated fused -> List.of(fused.gate(), fused.up());
          case FeedForward.Gated _, FeedForward.Plain _ -> List.of();
        };
    this.down = new LinearStep(model, gemm, layer.down());
    this.activation = layer.activation();
    this.width = layer.width();
  }

  Opened open(Matrix normed) {
    Matrix first = readers.getFirst().forward(normed);
    if (!columns.isEmpty()) {
      return new Opened(first.columns(columns.get(0), width), first.columns(columns.get(1), width));
    }
    return readers.size() == 1
        ? new Opened(null, first)
        : new Opened(first, readers.get(1).forward(normed));
  }

  /** What {@link #open} made, through the activation and the last layer. */
  Matrix close(Opened opened) {
    return down.forward(product(opened));
  }

  private Matrix product(Opened opened) {
    Matrix up = opened.up;
    Matrix gate = opened.gate;
    Matrix product = Matrix.zeros(up.rows(), up.columns());
    RowLoop.run(
        up.rows(),
        up.columns(),
        row -> {
          for (int i = up.start(row); i < up.start(row + 1); i++) {
            double value =
                gate == null
                    ? activation.of(up.values()[i])
                    : activation.of(gate.values()[i]) * up.values()[i];
            product.values()[i] = (float) value;
          }
        });
    return product;
  }

  /** Adds the input's gradient to {@code dNormed}, given that of the last layer's output. */
  void backward(Matrix dNormed, Matrix dOut, Opened opened, Matrix normed, GradientSink sink) {
    Matrix product = product(opened);
    Matrix dProduct = Matrix.zeros(product.rows(), product.columns());
    down.backward(dProduct, dOut, product, sink);
    Matrix dUp = Matrix.zeros(product.rows(), product.columns());
    if (opened.gate == null) {
      throughActivation(dUp, dProduct, opened.up);
      readers.getFirst().backward(dNormed, dUp, normed, sink);
      return;
    }
    Matrix dGate = Matrix.zeros(product.rows(), product.columns());
    throughGate(dGate, dUp, dProduct, opened);
    if (columns.isEmpty()) {
      readers.get(1).backward(dNormed, dUp, normed, sink);
      readers.get(0).backward(dNormed, dGate, normed, sink);
      return;
    }
    Matrix dBoth = Matrix.zeros(product.rows(), 2 * width);
    dBoth.setColumns(columns.get(0), dGate);
    dBoth.setColumns(columns.get(1), dUp);
    readers.getFirst().backward(dNormed, dBoth, normed, sink);
  }

  private void throughActivation(Matrix dx, Matrix dy, Matrix x) {
    RowLoop.run(
        x.rows(),
        x.columns(),
        row -> {
          for (int i = x.start(row); i < x.start(row + 1); i++) {
            dx.values()[i] = (float) (dy.values()[i] * activation.slope(x.values()[i]));
          }
        });
  }

  private void throughGate(Matrix dGate, Matrix dUp, Matrix dy, Opened opened) {
    Matrix gate = opened.gate;
    if (gate == null) {
      throw new AssertionError("no gate");
    }
    RowLoop.run(
        gate.rows(),
        gate.columns(),
        row -> {
          for (int i = gate.start(row); i < gate.start(row + 1); i++) {
            double g = gate.values()[i];
            double up = opened.up.values()[i];
            dGate.values()[i] = (float) (dy.values()[i] * up * activation.slope(g));
            dUp.values()[i] = (float) (dy.values()[i] * activation.of(g));
          }
        });
  }
}
