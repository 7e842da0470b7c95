package tributary.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.gpu.scalar.ScalarBackend;
import tributary.tensor.DType;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.LowRank;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.SparseCodes;
import tributary.tensor.format.VectorCodes;

/** Codes in planes, of which a width needs the first: for few rows and for many. */
final class PlanesTest {
  private static final int OUTPUTS = 37;
  private static final int PLANES = 3;

  /** More rows than a block has. */
  private static final int MANY = 70;

  private static Backend open(String which) {
    return which.equals("scalar")
        ? ScalarBackend.create("for a test")
        : VectorBackends.open(Integer.parseInt(which), 2);
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"scalar", "128", "256", "512"})
  void a_width_touches_no_byte_of_later_planes(String which) {
    try (Backend backend = open(which)) {
      var operands = new Operands(which.hashCode());
      for (int width = 1; width < PLANES; width++) {
        untouched(backend, operands, operands.codes().lookup(OUTPUTS, 100, PLANES), width);
        untouched(backend, operands, operands.codes().signs(OUTPUTS, 100, PLANES, true), width);
      }
    }
  }

  private static void untouched(Backend backend, Operands operands, MatrixCode code, int width) {
    TensorView base = operands.matrix(DType.BF16, OUTPUTS, code.columns());
    float[] x = operands.values(MANY * code.columns());
    Arena later = Arena.ofShared();
    MatrixCode apart = withPlanesIn(later, code, width);
    try (DeltaMatrix delta = backend.delta(new DeltaTensor.Coded(apart, null, null), width)) {
      List<float[]> wanted = results(backend, x, base, delta);
      apart.codeSegments().skip(width).forEach(PlanesTest::poison);
      assertThat(results(backend, x, base, delta)).containsExactlyElementsOf(wanted);
      // What lies elsewhere once it is loaded is poisoned there too.
      delta.prepare(PLANES);
      assertThat(delta.width()).isEqualTo(width);
      assertThat(results(backend, x, base, delta)).containsExactlyElementsOf(wanted);
      delta.setWidth(PLANES);
      List<float[]> poisoned = results(backend, x, base, delta);
      for (int i = 0; i < poisoned.size(); i++) {
        assertThat(poisoned.get(i)).isNotEqualTo(wanted.get(i));
      }
      delta.setWidth(width);
      // To touch memory that is gone is an error.
      later.close();
      assertThat(results(backend, x, base, delta)).containsExactlyElementsOf(wanted);
    }
  }

  /** The same code, with the planes that the width does not need in memory of their own. */
  private static MatrixCode withPlanesIn(Arena later, MatrixCode code, int width) {
    List<MemorySegment> planes = new ArrayList<>(code.codeSegments().toList());
    for (int plane = width; plane < planes.size(); plane++) {
      MemorySegment copy = later.allocate(planes.get(plane).byteSize());
      planes.set(plane, copy.copyFrom(planes.get(plane)));
    }
    return switch (code) {
      case LookupPlanes lookup ->
          new LookupPlanes(lookup.rows(), lookup.columns(), planes, lookup.tables());
      case SignPlanes signs -> {
        List<SignPlanes.Plane> moved = new ArrayList<>();
        for (int plane = 0; plane < planes.size(); plane++) {
          float[] scales = signs.planes().get(plane).scales();
          moved.add(new SignPlanes.Plane(planes.get(plane), scales));
        }
        yield new SignPlanes(signs.rows(), signs.columns(), moved, signs.narrowScales());
      }
      case SparseCodes _, GroupedCodes _, VectorCodes _, LowRank _ ->
          throw new AssertionError(code.getClass());
    };
  }

  private static void poison(MemorySegment plane) {
    for (long i = 0; i < plane.byteSize(); i++) {
      plane.set(ValueLayout.JAVA_BYTE, i, (byte) ~plane.get(ValueLayout.JAVA_BYTE, i));
    }
  }

  /** Products for few rows and many, and rows that are looked up. */
  private static List<float[]> results(
      Backend backend, float[] x, TensorView base, DeltaMatrix delta) {
    List<float[]> all = new ArrayList<>();
    for (int rows : new int[] {1, 9, MANY}) {
      all.add(Operands.valuesOf(product(backend, rows, x, base, delta)));
    }
    Activations looked = Operands.unwritten(backend, 2, delta.columns());
    var run = List.of(new RowRun<>(0, 2, delta));
    backend.gather().apply(looked, new int[] {0, OUTPUTS - 1}, backend.matrix(base), run);
    all.add(Operands.valuesOf(looked));
    return all;
  }

  private static Activations product(
      Backend backend, int rows, float[] x, TensorView base, DeltaMatrix delta) {
    Activations out = Operands.unwritten(backend, rows, OUTPUTS);
    float[] first = Arrays.copyOf(x, rows * delta.columns());
    Activations in = Operands.activations(backend, rows, delta.columns(), first);
    var run = List.of(new RowRun<>(0, rows, delta));
    backend.linear().apply(out, in, backend.matrix(base), run);
    return out;
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"scalar", "128", "256", "512"})
  void look_ups_are_products_with_the_decoded_matrix_whatever_the_number_of_rows(String which) {
    try (Backend backend = open(which)) {
      var operands = new Operands(which.hashCode());
      for (int columns : new int[] {36, 288}) {
        TensorView base = operands.matrix(DType.BF16, OUTPUTS, columns);
        float[] x = operands.values(MANY * columns);
        LookupPlanes all = operands.codes().lookup(OUTPUTS, columns, 8);
        for (int width = 1; width <= 8; width++) {
          LookupPlanes code = all.atWidth(width);
          Activations dense = dense(backend, x, base, code);
          try (DeltaMatrix delta = backend.delta(new DeltaTensor.Coded(all, null, null), width)) {
            String what = "%s, %d bits, %d columns".formatted(which, width, columns);
            Activations many = product(backend, MANY, x, base, delta);
            Agreement.within(Tolerance.LINEAR, 2 * columns, many, dense, what);
            for (int rows = 1; rows <= 9; rows++) {
              Activations few = product(backend, rows, x, base, delta);
              for (int row = 0; row < rows; row++) {
                Agreement.sameBits(few, row, many, row, what + ", " + rows + " rows");
              }
            }
          }
        }
      }
    }
  }

  /** Base and decoded difference as one fp32 matrix, multiplied as such. */
  private static Activations dense(Backend backend, float[] x, TensorView base, MatrixCode code) {
    int columns = code.columns();
    float[] weights = base.toFloats();
    float[] row = new float[columns];
    for (int n = 0; n < OUTPUTS; n++) {
      code.readRow(n, row);
      for (int k = 0; k < columns; k++) {
        weights[n * columns + k] += row[k];
      }
    }
    float[] out = new float[MANY * OUTPUTS];
    backend.gemm().addTransposed(out, x, weights, new Gemm.Extent(MANY, OUTPUTS, columns));
    return Operands.activations(backend, MANY, OUTPUTS, out);
  }
}
