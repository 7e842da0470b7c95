package tributary.gpu;

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
    }
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
