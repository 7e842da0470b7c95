package tributary.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.gpu.scalar.ScalarBackend;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.RandomCodes;

/** The vector backend's linear layer and look-up against their definitions. */
final class LinearAgreementTest {
  private static final int[] SIZES = {1, 7, 31, 32, 33, 63, 64, 65, 127, 384, 1000};

  /** Multiples of four, so that every kind of code can have them. */
  private static final int[] CODED_COLUMNS = {4, 36, 100, 384};

  private final Backend scalar = ScalarBackend.create("for a test");

  @ParameterizedTest(name = "{0} bits")
  @ValueSource(ints = {128, 256, 512})
  void every_type_agrees_at_sizes_around_the_lanes(int bits) {
    try (Backend vector = VectorBackends.open(bits, 2)) {
      var operands = new Operands(bits);
      for (DType type : Operands.TYPES) {
        for (int columns : SIZES) {
          int outputs = SIZES[operands.random().nextInt(SIZES.length)];
          int rows = 1 + operands.random().nextInt(9);
          linear(vector, operands, type, rows, outputs, columns);
        }
      }
    }
  }

  @ParameterizedTest(name = "{0} bits")
  @ValueSource(ints = {128, 256, 512})
  void many_rows_at_once_agree_with_rows_one_by_one(int bits) {
    try (Backend vector = VectorBackends.open(bits, 2)) {
      var operands = new Operands(bits);
      for (DType type : Operands.TYPES) {
        for (int columns : new int[] {1, 33, 385, 800}) {
          WeightMatrix weight = vector.matrix(operands.matrix(type, 37, columns));
          Activations x = vector.activations(70, columns);
          for (int row = 0; row < x.rows(); row++) {
            x.writeRow(row, operands.values(columns));
          }
          Activations wanted = vector.activations(70, 37);
          Activations found = vector.activations(70, 37);
          found.writeRow(3, operands.values(37));
          vector.linear().apply(wanted, x, weight, List.of());
          vector.bulkLinear().apply(found, x, weight, List.of());
          double allowed = Tolerance.LINEAR.share * 4 * Math.max(columns, 8);
          for (int row = 0; row < x.rows(); row++) {
            float[] a = new float[37];
            float[] b = new float[37];
            wanted.readRow(row, a);
            found.readRow(row, b);
            for (int i = 0; i < a.length; i++) {
              assertThat(Math.abs((double) a[i] - b[i])).isLessThanOrEqualTo(allowed);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest(name = "{0} bits, {1} planes")
  @CsvSource({"128,1", "128,3", "256,1", "256,2", "256,3", "512,1", "512,2", "512,3", "512,4"})
  void every_number_of_planes_agrees(int bits, int planes) {
    try (Backend vector = VectorBackends.open(bits, 2)) {
      var operands = new Operands(planes);
      for (int columns : SIZES) {
        int outputs = 1 + operands.random().nextInt(100);
        TensorView base = operands.matrix(DType.BF16, outputs, columns);
        var delta = new DeltaTensor.Coded(operands.planes(outputs, columns, planes), null, null);
        float[] x = operands.values(5 * columns);
        compare(
            vector,
            x,
            5,
            base,
            List.of(new RowRun<>(1, 1, delta), new RowRun<>(2, 2, delta)),
            outputs,
            "planes=" + planes + " outputs=" + outputs + " columns=" + columns);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void every_kind_of_code_agrees_at_every_width(RandomCodes.Kind kind) {
    for (int bits : new int[] {128, 256, 512}) {
      try (Backend vector = VectorBackends.open(bits, 2)) {
        var operands = new Operands(bits);
        for (int columns : CODED_COLUMNS) {
          int outputs = 1 + operands.random().nextInt(60);
          TensorView base = operands.matrix(DType.BF16, outputs, columns);
          var coded = operands.coded(operands.codes().of(kind, outputs, columns));
          float[] x = operands.values(8 * columns);
          String what = "%s outputs=%d columns=%d".formatted(kind, outputs, columns);
          for (int width = coded.code().widths(); width > 0; width--) {
            DeltaTensor tenant = coded.atMost(width);
            var runs = List.of(new RowRun<>(1, 4, tenant), new RowRun<>(6, 1, tenant));
            compare(vector, x, 8, base, runs, outputs + 4, what + " w=" + width);
          }
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"scalar", "128", "256", "512"})
  void a_width_that_is_set_computes_what_the_code_of_that_width_computes(String which) {
    try (Backend backend =
        which.equals("scalar") ? scalar : VectorBackends.open(Integer.parseInt(which), 2)) {
      var operands = new Operands(which.hashCode());
      for (RandomCodes.Kind kind : RandomCodes.Kind.values()) {
        for (int columns : new int[] {4, 36, 100}) {
          int outputs = 37;
          var coded = operands.coded(operands.codes().of(kind, outputs, columns));
          TensorView base = operands.matrix(DType.F16, outputs, columns);
          float[] x = operands.values(6 * columns);
          try (DeltaMatrix live = backend.delta(coded)) {
            assertThat(live.width()).isEqualTo(live.widths()).isEqualTo(coded.code().widths());
            for (int width : new int[] {1, live.widths(), 2, 9}) {
              live.setWidth(width);
              assertThat(live.width()).isEqualTo(Math.min(width, live.widths()));
              try (DeltaMatrix offline = backend.delta(coded.atMost(width))) {
                same(backend, x, base, live, offline, kind + " width=" + width);
              }
            }
          }
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"scalar", "128", "256", "512"})
  void planes_whose_memory_is_filled_late_are_computed_as_if_they_had_been_there(String which) {
    try (Backend backend =
        which.equals("scalar") ? scalar : VectorBackends.open(Integer.parseInt(which), 2)) {
      assertThat(backend.wantsPlanesAtOnce()).isFalse();
      var operands = new Operands(which.hashCode());
      for (RandomCodes.Kind kind : RandomCodes.Kind.values()) {
        var coded = operands.coded(operands.codes().of(kind, 37, 100));
        List<MemorySegment> planes = coded.code().codeSegments().toList();
        if (coded.code().widths() == 1 || planes.size() != coded.code().widths()) {
          continue;
        }
        TensorView base = operands.matrix(DType.F16, 37, 100);
        float[] x = operands.values(6 * 100);
        List<byte[]> late = new ArrayList<>();
        for (MemorySegment plane : planes.subList(1, planes.size())) {
          late.add(plane.toArray(ValueLayout.JAVA_BYTE));
          plane.fill((byte) 0);
        }
        try (DeltaMatrix live = backend.delta(coded, 1)) {
          assertThat(live.width()).isEqualTo(1);
          for (int plane = 1; plane < planes.size(); plane++) {
            planes.get(plane).copyFrom(MemorySegment.ofArray(late.get(plane - 1)));
            live.prepare(plane + 1);
            assertThat(live.width()).isEqualTo(plane);
            live.setWidth(plane + 1);
            try (DeltaMatrix offline = backend.delta(coded.atMost(plane + 1))) {
              same(backend, x, base, live, offline, kind + " width=" + (plane + 1));
            }
          }
        }
      }
    }
  }

  /** Both deltas give the same bits, to products and to rows that are looked up. */
  private static void same(
      Backend backend, float[] x, TensorView base, DeltaMatrix a, DeltaMatrix b, String what) {
    int columns = a.columns();
    int rows = x.length / columns;
    WeightMatrix weight = backend.matrix(base);
    int[] tokens = new int[rows];
    Arrays.setAll(tokens, i -> i * (b.rows() - 1) / Math.max(1, rows - 1));
    List<Activations> products = new ArrayList<>();
    List<Activations> found = new ArrayList<>();
    for (DeltaMatrix delta : List.of(a, b)) {
      var runs = List.of(new RowRun<>(0, rows, delta));
      Activations product = Operands.unwritten(backend, rows, delta.rows());
      backend
          .linear()
          .apply(product, Operands.activations(backend, rows, columns, x), weight, runs);
      products.add(product);
      Activations looked = Operands.unwritten(backend, rows, columns);
      backend.gather().apply(looked, tokens, weight, runs);
      found.add(looked);
    }
    for (int row = 0; row < rows; row++) {
      Agreement.sameBits(products.getFirst(), row, products.getLast(), row, what);
      Agreement.sameBits(found.getFirst(), row, found.getLast(), row, what);
    }
  }

  @ParameterizedTest(name = "{0} bits")
  @ValueSource(ints = {128, 256, 512})
  void many_rows_agree(int bits) {
    try (Backend vector = VectorBackends.open(bits, 3)) {
      linear(vector, new Operands(1), DType.BF16, 70, 130, 96);
      linear(vector, new Operands(2), DType.F32, 133, 65, 48);
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"F32", "F16", "BF16"})
  void extreme_weights_agree(String name) {
    DType type = DType.valueOf(name);
    float huge = type == DType.F16 ? 65504 : 1e18f;
    float tiny = type == DType.F16 ? 6e-8f : 1e-38f;
    float[] weights = {
      huge, -huge, 1, 0, tiny, -tiny, 0, -0f, Float.POSITIVE_INFINITY, 1, huge, huge
    };
    try (Backend vector = VectorBackends.open(512, 1)) {
      TensorView view = Operands.view(type, Shape.of(3, 4), weights);
      compare(vector, new float[] {1, 1, 3, 4}, 1, view, List.of(), 3, name, huge);
    }
  }

  @ParameterizedTest(name = "{0} bits")
  @ValueSource(ints = {128, 256, 512})
  void look_ups_agree(int bits) {
    try (Backend vector = VectorBackends.open(bits, 2)) {
      for (int columns : SIZES) {
        var operands = new Operands(columns);
        int vocabulary = 50;
        DType type = Operands.TYPES.get(columns % 3);
        TensorView base = operands.matrix(type, vocabulary, columns);
        List<DeltaTensor> tenants =
            Stream.generate(() -> operands.delta(vocabulary, columns)).limit(5).toList();
        var runs = operands.runs(30, tenants);
        int[] tokens = new int[30];
        for (int i = 0; i < tokens.length; i++) {
          tokens[i] = operands.random().nextInt(vocabulary);
        }
        for (RowRun<DeltaTensor> run : runs) {
          tokens[run.firstRow()] = outputs(run.operand()) - 1;
        }
        Activations found = Operands.unwritten(vector, 30, columns);
        Activations wanted = Operands.unwritten(scalar, 30, columns);
        gather(vector, found, tokens, base, runs);
        gather(scalar, wanted, tokens, base, runs);
        Agreement.within(Tolerance.GATHER, 2, found, wanted, "columns=" + columns);
      }
    }
  }

  private void linear(
      Backend vector, Operands operands, DType type, int rows, int outputs, int columns) {
    TensorView base = operands.matrix(type, outputs, columns);
    var tenants = new ArrayList<DeltaTensor>();
    int most = outputs;
    for (int i = operands.random().nextInt(4); i > 0; i--) {
      DeltaTensor tenant = operands.delta(outputs, columns);
      tenants.add(tenant);
      most = Math.max(most, outputs(tenant));
    }
    compare(
        vector,
        operands.values(rows * columns),
        rows,
        base,
        operands.runs(rows, tenants),
        most + operands.random().nextInt(2),
        "%s rows=%d outputs=%d columns=%d".formatted(type, rows, outputs, columns));
  }

  private void compare(
      Backend vector,
      float[] x,
      int rows,
      TensorView base,
      List<RowRun<DeltaTensor>> runs,
      int outputs,
      String what) {
    compare(vector, x, rows, base, runs, outputs, what, 2);
  }

  private void compare(
      Backend vector,
      float[] x,
      int rows,
      TensorView base,
      List<RowRun<DeltaTensor>> runs,
      int outputs,
      String what,
      double largest) {
    Activations found = Operands.unwritten(vector, rows, outputs);
    Activations wanted = Operands.unwritten(scalar, rows, outputs);
    apply(vector, found, x, base, runs);
    apply(scalar, wanted, x, base, runs);
    int columns = (int) base.shape().dimension(1);
    Agreement.within(Tolerance.LINEAR, largest * Math.max(columns, 8), found, wanted, what);
  }

  private static void apply(
      Backend backend,
      Activations out,
      float[] x,
      TensorView base,
      List<RowRun<DeltaTensor>> runs) {
    Activations in = Operands.activations(backend, out.rows(), (int) base.shape().dimension(1), x);
    List<RowRun<DeltaMatrix>> deltas = resident(backend, runs);
    backend.linear().apply(out, in, backend.matrix(base), deltas);
    deltas.forEach(run -> run.operand().close());
  }

  private static void gather(
      Backend backend,
      Activations out,
      int[] tokens,
      TensorView base,
      List<RowRun<DeltaTensor>> runs) {
    List<RowRun<DeltaMatrix>> deltas = resident(backend, runs);
    backend.gather().apply(out, tokens, backend.matrix(base), deltas);
    deltas.forEach(run -> run.operand().close());
  }

  private static List<RowRun<DeltaMatrix>> resident(
      Backend backend, List<RowRun<DeltaTensor>> runs) {
    return runs.stream()
        .map(run -> new RowRun<>(run.firstRow(), run.rows(), backend.delta(run.operand())))
        .toList();
  }

  private static int outputs(DeltaTensor delta) {
    return switch (delta) {
      case DeltaTensor.Coded(var code, _, var added) ->
          code.rows() + (added == null ? 0 : (int) added.shape().dimension(0));
      case DeltaTensor.Replaced(var value) -> (int) value.shape().dimension(0);
      case DeltaTensor.Archived(_, var shape, _, _) -> (int) shape.dimension(0);
    };
  }
}
