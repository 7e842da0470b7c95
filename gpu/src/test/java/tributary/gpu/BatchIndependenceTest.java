package tributary.gpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;

/** Nobody's tokens depend on who shares the batch: every row is the same, bit for bit, alone. */
final class BatchIndependenceTest {
  private static final int[] WIDTHS = {512, 256, 128};

  static LongStream seeds() {
    return LongStream.range(0, 18);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void a_row_of_a_linear_layer_is_the_same_alone_and_in_any_batch(long seed) {
    var operands = new Operands(seed);
    int bits = WIDTHS[(int) seed % 3];
    int rows = seed == 0 ? 70 : 2 + operands.random().nextInt(20);
    int outputs = 1 + operands.random().nextInt(200);
    int columns = seed % 4 == 3 ? 77 : 32 * (1 + operands.random().nextInt(6));
    DType type = seed % 2 == 0 ? DType.BF16 : Operands.TYPES.get((int) seed % 3);
    TensorView base = operands.matrix(type, outputs, columns);
    float[] x = operands.values(rows * columns);
    try (Backend many = VectorBackends.open(bits, 3);
        Backend alone = VectorBackends.open(bits, 1)) {
      var tenants = List.of(operands.delta(outputs, columns), operands.delta(outputs, columns));
      var runs = operands.runs(rows, tenants);
      Activations together = Operands.unwritten(many, rows, outputs + 4);
      var deltas = new ArrayList<RowRun<DeltaMatrix>>();
      runs.forEach(
          run -> deltas.add(new RowRun<>(run.firstRow(), run.rows(), many.delta(run.operand()))));
      many.linear()
          .apply(together, Operands.activations(many, rows, columns, x), many.matrix(base), deltas);
      for (int row = 0; row < rows; row++) {
        var own = new ArrayList<RowRun<DeltaMatrix>>();
        for (var run : runs) {
          if (run.firstRow() <= row && row < run.endRow()) {
            own.add(new RowRun<>(0, 1, alone.delta(run.operand())));
          }
        }
        Activations one = Operands.unwritten(alone, 1, outputs + 4);
        float[] values = Arrays.copyOfRange(x, row * columns, (row + 1) * columns);
        alone
            .linear()
            .apply(one, Operands.activations(alone, 1, columns, values), alone.matrix(base), own);
        Agreement.sameBits(together, row, one, 0, "linear");
        own.forEach(run -> run.operand().close());
      }
      deltas.forEach(run -> run.operand().close());
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void a_sequence_is_the_same_alone_and_beside_others_and_in_any_chunks(long seed) {
    var operands = new Operands(seed);
    int bits = WIDTHS[(int) seed % 3];
    var shape = new KvShape(1, 2, 4 * (1 + operands.random().nextInt(20)), 16, 40);
    int group = 1 + operands.random().nextInt(6);
    int length = 20 + operands.random().nextInt(40);
    int[] pages = {4, 3, 2, 1};
    int[] others = {10, 11, 12, 13};
    int keys = shape.heads() * shape.headSize();
    float[] q = operands.values(2 * length * keys * group);
    float[] k = operands.values(2 * length * keys);
    float[] v = operands.values(2 * length * keys);
    try (Backend many = VectorBackends.open(bits, 3);
        Backend alone = VectorBackends.open(bits, 1);
        KvCache shared = many.kvCache(shape);
        KvCache own = alone.kvCache(shape)) {
      Activations together =
          attend(
              many,
              shared,
              new float[][] {q, k, v},
              2 * length,
              group,
              List.of(
                  new SequenceRows(0, length, 0, others),
                  new SequenceRows(length, length, 0, pages)));
      for (int row = 0; row < length; row++) {
        Activations one =
            attend(
                alone,
                own,
                new float[][] {
                  row(q, length + row, keys * group),
                  row(k, length + row, keys),
                  row(v, length + row, keys)
                },
                1,
                group,
                List.of(new SequenceRows(0, 1, row, others)));
        Agreement.sameBits(together, length + row, one, 0, "attention");
      }
    }
  }

  private static Activations attend(
      Backend backend,
      KvCache cache,
      float[][] qkv,
      int rows,
      int group,
      List<SequenceRows> sequences) {
    int keys = cache.shape().heads() * cache.shape().headSize();
    var frequencies = new Rope.Frequencies(new float[] {1, 0.1f}, 1);
    Activations q = Operands.activations(backend, rows, keys * group, qkv[0]);
    backend
        .rope()
        .apply(
            new Rope.Operands(
                q,
                Operands.activations(backend, rows, keys, qkv[1]),
                Operands.activations(backend, rows, keys, qkv[2])),
            frequencies,
            cache,
            0,
            sequences);
    Activations out = Operands.unwritten(backend, rows, keys * group);
    backend.attention().apply(out, q, cache, 0, sequences, Attention.Scores.scaled(0.2f));
    return out;
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void a_normalized_and_gated_row_is_the_same_alone(long seed) {
    var operands = new Operands(seed);
    int bits = WIDTHS[(int) seed % 3];
    int rows = 40;
    int columns = 900 + (int) seed;
    float[] x = operands.values(rows * columns);
    TensorView weight = Operands.view(DType.F32, Shape.of(columns), operands.values(columns));
    try (Backend many = VectorBackends.open(bits, 3);
        Backend alone = VectorBackends.open(bits, 1)) {
      Activations together = normAndGate(many, weight, rows, columns, x);
      for (int row = 0; row < rows; row += 7) {
        Activations one = normAndGate(alone, weight, 1, columns, row(x, row, columns));
        Agreement.sameBits(together, row, one, 0, "norm and gate");
      }
    }
  }

  private static Activations normAndGate(
      Backend backend, TensorView weight, int rows, int columns, float[] x) {
    Activations out = Operands.activations(backend, rows, columns, x);
    Activations up = Operands.activations(backend, rows, columns, x);
    backend
        .rmsNorm()
        .apply(out, out, List.of(new RowRun<>(0, rows, backend.vector(weight))), 1e-6f);
    backend.elementwise().siluMultiply(out, out, up);
    return out;
  }

  private static float[] row(float[] values, int row, int columns) {
    return Arrays.copyOfRange(values, row * columns, (row + 1) * columns);
  }
}
