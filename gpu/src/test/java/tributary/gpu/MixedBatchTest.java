package tributary.gpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tributary.gpu.scalar.ScalarBackend;
import tributary.tensor.DType;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.RandomCodes;

/** A batch of many tenants against each request alone on its tenant's own dense matrix. */
final class MixedBatchTest {
  /** The slot of a row that is nobody's: it has the base only. */
  private static final int NOBODY = -1;

  private static final int TENANTS = RandomCodes.Kind.values().length;
  private static final int OUTPUTS = 37;
  private static final int COLUMNS = 96;

  /** Which tenant each row belongs to. */
  enum Slots {
    ALL_OF_THE_BASE,
    SINGLE_RUN,
    SINGLE_RUN_BETWEEN_ROWS_OF_THE_BASE,
    ONE_ROW_EACH,
    RANDOM,
    RANDOM_IN_ORDER;

    int[] of(SplittableRandom random) {
      return switch (this) {
        case ALL_OF_THE_BASE -> filled(9, NOBODY);
        case SINGLE_RUN -> filled(9, random.nextInt(TENANTS));
        case SINGLE_RUN_BETWEEN_ROWS_OF_THE_BASE -> {
          int[] slots = filled(12, NOBODY);
          Arrays.fill(slots, 3, 10, random.nextInt(TENANTS));
          yield slots;
        }
        case ONE_ROW_EACH -> IntStream.range(0, TENANTS).toArray();
        case RANDOM -> random.ints(70, NOBODY, TENANTS).toArray();
        case RANDOM_IN_ORDER -> random.ints(70, NOBODY, TENANTS).sorted().toArray();
      };
    }

    private static int[] filled(int rows, int slot) {
      int[] slots = new int[rows];
      Arrays.fill(slots, slot);
      return slots;
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void every_row_is_its_tenants_dense_product(Slots which) {
    for (int bits : new int[] {128, 256, 512}) {
      try (Backend vector = VectorBackends.open(bits, 2)) {
        compare(vector, which, bits);
      }
    }
    try (Backend scalar = ScalarBackend.create("for a test")) {
      compare(scalar, which, 1);
    }
  }

  private static void compare(Backend backend, Slots which, long seed) {
    var operands = new Operands(seed);
    List<MatrixCode> tenants =
        Arrays.stream(RandomCodes.Kind.values())
            .map(kind -> operands.codes().of(kind, OUTPUTS, COLUMNS))
            .toList();
    TensorView base = operands.matrix(DType.BF16, OUTPUTS, COLUMNS);
    int[] slots = which.of(operands.random());
    float[] x = operands.values(slots.length * COLUMNS);
    float[] wanted = new float[slots.length * OUTPUTS];
    for (int row = 0; row < slots.length; row++) {
      MatrixCode code = slots[row] == NOBODY ? null : tenants.get(slots[row]);
      for (int n = 0; n < OUTPUTS; n++) {
        double sum = 0;
        for (int k = 0; k < COLUMNS; k++) {
          double weight = base.getFloat((long) n * COLUMNS + k);
          sum += x[row * COLUMNS + k] * (weight + (code == null ? 0 : code.value(n, k)));
        }
        wanted[row * OUTPUTS + n] = (float) sum;
      }
    }

    List<DeltaMatrix> deltas =
        tenants.stream()
            .map(code -> backend.delta(new DeltaTensor.Coded(code, null, null)))
            .toList();
    Activations found = Operands.unwritten(backend, slots.length, OUTPUTS);
    Activations in = Operands.activations(backend, slots.length, COLUMNS, x);
    backend.linear().apply(found, in, backend.matrix(base), runs(slots, deltas));
    deltas.forEach(DeltaMatrix::close);
    Activations dense = Operands.activations(backend, slots.length, OUTPUTS, wanted);
    String what = "%s, %s, slots %s".formatted(backend.name(), which, Arrays.toString(slots));
    Agreement.within(Tolerance.LINEAR, 2 * COLUMNS, found, dense, what);
  }

  private static List<RowRun<DeltaMatrix>> runs(int[] slots, List<DeltaMatrix> deltas) {
    List<RowRun<DeltaMatrix>> runs = new ArrayList<>();
    for (int row = 0; row < slots.length; ) {
      int first = row;
      while (row < slots.length && slots[row] == slots[first]) {
        row++;
      }
      if (slots[first] != NOBODY) {
        runs.add(new RowRun<>(first, row - first, deltas.get(slots[first])));
      }
    }
    return runs;
  }
}
