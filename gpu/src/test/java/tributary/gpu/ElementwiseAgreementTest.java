package tributary.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tributary.gpu.scalar.ScalarBackend;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;

/** The small steps of the vector backend against their definitions. */
final class ElementwiseAgreementTest {
  private final Backend scalar = ScalarBackend.create("for a test");

  @ParameterizedTest(name = "{0} bits, {1} x {2}")
  @CsvSource({
    "128,3,1",
    "128,2,33",
    "256,3,7",
    "256,40,500",
    "512,1,1",
    "512,5,31",
    "512,3,384",
    "512,70,1000"
  })
  void small_steps_agree(int bits, int rows, int columns) {
    var operands = new Operands(columns);
    float[] x = operands.values(rows * columns);
    float[] y = operands.values(rows * columns);
    for (int i = 0; i < y.length; i++) {
      y[i] *= 200;
    }
    try (Backend vector = VectorBackends.open(bits, 2)) {
      List<RowRun<TensorView>> weights =
          rows == 1
              ? List.of(new RowRun<>(0, 1, weight(operands, columns)))
              : List.of(
                  new RowRun<>(0, 1, weight(operands, columns)),
                  new RowRun<>(1, rows - 1, weight(operands, columns)));
      norm(vector, weights, rows, columns, x);
      silu(vector, rows, columns, x, y);
      bias(vector, weights.subList(0, 1), rows, columns, x);
      sum(vector, rows, columns, x, y);
      layerNorm(vector, weights, rows, columns, x);
      activations(vector, rows, columns, y);
      products(vector, rows, columns, x, y);
    }
  }

  private void layerNorm(
      Backend vector, List<RowRun<TensorView>> weights, int rows, int columns, float[] x) {
    float[] raised = x.clone();
    for (int i = 0; i < raised.length; i++) {
      raised[i] += 3;
    }
    Activations found = Operands.unwritten(vector, rows, columns);
    Activations wanted = Operands.unwritten(scalar, rows, columns);
    List<RowRun<TensorView>> biases = List.of(new RowRun<>(0, rows, weights.getFirst().operand()));
    vector
        .layerNorm()
        .apply(
            found,
            Operands.activations(vector, rows, columns, raised),
            on(vector, weights),
            on(vector, biases),
            1e-3f);
    scalar
        .layerNorm()
        .apply(
            wanted,
            Operands.activations(scalar, rows, columns, raised),
            on(scalar, weights),
            on(scalar, biases),
            1e-3f);
    Agreement.within(Tolerance.LAYER_NORM, 4, found, wanted, "layer norm");
  }

  private void activations(Backend vector, int rows, int columns, float[] wide) {
    float[] narrow = wide.clone();
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] /= 40;
    }
    for (Activation kind : Activation.values()) {
      activation(vector, rows, columns, kind, wide, 200);
      activation(vector, rows, columns, kind, narrow, 1);
    }
  }

  private void activation(
      Backend vector, int rows, int columns, Activation kind, float[] x, double scale) {
    Activations found = Operands.activations(vector, rows, columns, x);
    Activations wanted = Operands.activations(scalar, rows, columns, x);
    vector.elementwise().activate(found, found, kind);
    scalar.elementwise().activate(wanted, wanted, kind);
    Agreement.within(Tolerance.ACTIVATION, scale, found, wanted, kind.name());
  }

  private void products(Backend vector, int rows, int columns, float[] x, float[] y) {
    Activations found = Operands.activations(vector, rows, columns, x);
    Activations wanted = Operands.activations(scalar, rows, columns, x);
    vector.elementwise().multiply(found, Operands.activations(vector, rows, columns, y));
    scalar.elementwise().multiply(wanted, Operands.activations(scalar, rows, columns, y));
    vector.elementwise().scale(found, 0.25f);
    scalar.elementwise().scale(wanted, 0.25f);
    Agreement.within(Tolerance.GATHER, 0, found, wanted, "products");
    vector.elementwise().softCap(found, 30);
    scalar.elementwise().softCap(wanted, 30);
    Agreement.within(Tolerance.ACTIVATION, 30, found, wanted, "capped");
  }

  @ParameterizedTest(name = "{0} blocks of {2} from {1}, {3} apart")
  @CsvSource({"1,0,5,5", "1,3,4,9", "3,1,2,5", "2,6,6,18"})
  void chosen_columns_agree(int blocks, int first, int width, int stride) {
    var operands = new Operands(stride);
    int columns = first + blocks * stride;
    float[] x = operands.values(4 * columns);
    var chosen = new Elementwise.Columns(first, width, stride);
    try (Backend vector = VectorBackends.open(256, 1)) {
      Activations found = Operands.unwritten(vector, 4, blocks * width);
      Activations wanted = Operands.unwritten(scalar, 4, blocks * width);
      vector.elementwise().copyColumns(found, Operands.activations(vector, 4, columns, x), chosen);
      scalar.elementwise().copyColumns(wanted, Operands.activations(scalar, 4, columns, x), chosen);
      Agreement.within(Tolerance.GATHER, 0, found, wanted, "columns");
      float[] row = new float[blocks * width];
      wanted.readRow(2, row);
      assertThat(row[(blocks - 1) * width])
          .isEqualTo(x[2 * columns + first + (blocks - 1) * stride]);
    }
  }

  @ParameterizedTest
  @CsvSource({"128,6,5", "256,20,3", "512,64,2"})
  void heads_are_normed_each_on_its_own(int bits, int size, int heads) {
    var operands = new Operands(size);
    float[] x = operands.values(3 * size * heads);
    List<RowRun<TensorView>> weights = List.of(new RowRun<>(0, 3, weight(operands, size)));
    try (Backend vector = VectorBackends.open(bits, 1)) {
      norm(vector, weights, 3, size * heads, x);
    }
    Activations whole = Operands.activations(scalar, 3, size * heads, x);
    Activations split = Operands.activations(scalar, 3 * heads, size, x);
    scalar.rmsNorm().apply(whole, whole, on(scalar, weights), 1e-5f);
    scalar
        .rmsNorm()
        .apply(
            split,
            split,
            on(scalar, List.of(new RowRun<>(0, 3 * heads, weights.getFirst().operand()))),
            1e-5f);
    assertThat(Operands.valuesOf(whole)).isEqualTo(Operands.valuesOf(split));
  }

  private static TensorView weight(Operands operands, int columns) {
    return Operands.view(DType.BF16, Shape.of(columns), operands.values(columns));
  }

  private void norm(
      Backend vector, List<RowRun<TensorView>> weights, int rows, int columns, float[] x) {
    Activations found = Operands.unwritten(vector, rows, columns);
    Activations wanted = Operands.unwritten(scalar, rows, columns);
    vector
        .rmsNorm()
        .apply(found, Operands.activations(vector, rows, columns, x), on(vector, weights), 1e-5f);
    scalar
        .rmsNorm()
        .apply(wanted, Operands.activations(scalar, rows, columns, x), on(scalar, weights), 1e-5f);
    Agreement.within(Tolerance.RMS_NORM, 4, found, wanted, "rms norm");
  }

  private void silu(Backend vector, int rows, int columns, float[] up, float[] gate) {
    Activations found = Operands.activations(vector, rows, columns, gate);
    Activations wanted = Operands.activations(scalar, rows, columns, gate);
    vector
        .elementwise()
        .siluMultiply(found, found, Operands.activations(vector, rows, columns, up));
    scalar
        .elementwise()
        .siluMultiply(wanted, wanted, Operands.activations(scalar, rows, columns, up));
    Agreement.within(Tolerance.SILU, 200, found, wanted, "silu");
    float[] narrow = gate.clone();
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] /= 100;
    }
    found = Operands.activations(vector, rows, columns, narrow);
    wanted = Operands.activations(scalar, rows, columns, narrow);
    vector
        .elementwise()
        .siluMultiply(found, found, Operands.activations(vector, rows, columns, up));
    scalar
        .elementwise()
        .siluMultiply(wanted, wanted, Operands.activations(scalar, rows, columns, up));
    Agreement.within(Tolerance.SILU, 1, found, wanted, "silu near 0");
  }

  private void bias(
      Backend vector, List<RowRun<TensorView>> biases, int rows, int columns, float[] x) {
    Activations found = Operands.activations(vector, rows, columns, x);
    Activations wanted = Operands.activations(scalar, rows, columns, x);
    vector.elementwise().addBias(found, on(vector, biases));
    scalar.elementwise().addBias(wanted, on(scalar, biases));
    Agreement.within(Tolerance.GATHER, 0, found, wanted, "bias");
  }

  private void sum(Backend vector, int rows, int columns, float[] x, float[] y) {
    Activations found = Operands.activations(vector, rows, columns, x);
    Activations wanted = Operands.activations(scalar, rows, columns, x);
    vector.elementwise().add(found, Operands.activations(vector, rows, columns, y));
    scalar.elementwise().add(wanted, Operands.activations(scalar, rows, columns, y));
    Agreement.within(Tolerance.GATHER, 0, found, wanted, "sum");
    int[] picked = {rows - 1, 0, rows - 1};
    Activations foundRows = Operands.unwritten(vector, 3, columns);
    Activations wantedRows = Operands.unwritten(scalar, 3, columns);
    vector.elementwise().copyRows(foundRows, found, picked);
    scalar.elementwise().copyRows(wantedRows, wanted, picked);
    Agreement.within(Tolerance.GATHER, 0, foundRows, wantedRows, "copied rows");
  }

  private static List<RowRun<WeightVector>> on(Backend backend, List<RowRun<TensorView>> runs) {
    return runs.stream()
        .map(run -> new RowRun<>(run.firstRow(), run.rows(), backend.vector(run.operand())))
        .toList();
  }
}
