package tributary.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;

/** Operands that do not fit are refused with what was found and what was wanted. */
final class RefusedOperandsTest {
  private final Operands operands = new Operands(1);
  private Backend backend = Backends.open(BackendChoice.SCALAR, 1);

  @AfterEach
  void close() {
    backend.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"SCALAR", "VECTOR"})
  void shapes_that_do_not_fit_are_named(BackendChoice choice) {
    use(choice);
    WeightMatrix weight = backend.matrix(operands.matrix(DType.F32, 4, 8));

    assertThatThrownBy(() -> linear(3, 7, 3, 4, weight, List.of()))
        .hasMessage("linear: x columns: found 7, wanted 8");
    assertThatThrownBy(() -> linear(3, 8, 2, 4, weight, List.of()))
        .hasMessage("linear: out rows: found 2, wanted 3");
    assertThatThrownBy(() -> linear(3, 8, 3, 3, weight, List.of()))
        .hasMessage("linear: out columns, at least: found 3, wanted 4");
  }

  @ParameterizedTest
  @EnumSource(names = {"SCALAR", "VECTOR"})
  void deltas_of_another_matrix_and_runs_out_of_order_are_named(BackendChoice choice) {
    use(choice);
    WeightMatrix weight = backend.matrix(operands.matrix(DType.F32, 4, 8));
    try (DeltaMatrix narrow = signed(4, 7);
        DeltaMatrix tall = signed(5, 8);
        DeltaMatrix fits = signed(4, 8)) {
      assertThatThrownBy(() -> linear(3, 8, 3, 6, weight, List.of(new RowRun<>(0, 1, narrow))))
          .hasMessage("linear: delta columns: found 7, wanted 8");
      assertThatThrownBy(() -> linear(3, 8, 3, 6, weight, List.of(new RowRun<>(0, 1, tall))))
          .hasMessage("delta: coded rows: found 5, wanted 4");
      assertThatThrownBy(() ->
              linear(
                  3, 8, 3, 6, weight, List.of(new RowRun<>(1, 2, fits), new RowRun<>(2, 1, fits))))
          .hasMessageContaining("run of rows 2 to 3");
      assertThatThrownBy(() -> linear(3, 8, 3, 6, weight, List.of(new RowRun<>(2, 2, fits))))
          .hasMessageContaining("end at 3 or earlier");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SCALAR", "VECTOR"})
  void pages_outside_the_pool_are_refused_before_anything_is_written(BackendChoice choice) {
    use(choice);
    try (KvCache cache = backend.kvCache(new KvShape(1, 1, 4, 2, 3))) {
      Activations q = backend.activations(1, 4);
      assertThatThrownBy(() -> attend(q, cache, new SequenceRows(0, 1, 2, new int[] {0, 3})))
          .hasMessage("attention: page 3 is not in the pool, pages=3");
      assertThatThrownBy(() -> attend(q, cache, new SequenceRows(0, 1, 2, new int[] {0})))
          .hasMessageContaining("pages=1");
      assertThatThrownBy(() -> attend(q, cache, new SequenceRows(0, 2, 0, new int[] {0})))
          .hasMessageContaining("batch of 1 rows");
      assertThatThrownBy(() -> attend(q, cache, new SequenceRows(0, 1, 0, new int[] {1})))
          .hasMessage("key-value page 1 is read before it was written");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SCALAR", "VECTOR"})
  void an_archive_is_refused(BackendChoice choice) {
    use(choice);
    var archive = new DeltaTensor.Archived(DType.BF16, Shape.of(4, 8), new TreeMap<>(), List.of());
    assertThatThrownBy(() -> backend.delta(archive)).hasMessageContaining("restore it first");
  }

  @ParameterizedTest
  @EnumSource(names = {"SCALAR", "VECTOR"})
  void weights_that_are_no_floats_have_a_code(BackendChoice choice) {
    use(choice);
    var bytes = new TensorView(DType.I8, Shape.of(1, 2), MemorySegment.ofArray(new byte[] {1, 2}));
    assertThatThrownBy(() -> backend.matrix(bytes))
        .isInstanceOfSatisfying(
            TributaryException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.SAFETENSORS_DTYPE));
    assertThatThrownBy(() -> backend.vector(operands.matrix(DType.F32, 1, 2)))
        .hasMessageContaining("one dimension");
  }

  private void use(BackendChoice choice) {
    backend.close();
    backend = Backends.open(choice, 2);
  }

  private DeltaMatrix signed(int rows, int columns) {
    return backend.delta(new DeltaTensor.Coded(operands.planes(rows, columns, 1), null, null));
  }

  private void linear(
      int xRows,
      int xColumns,
      int outRows,
      int outColumns,
      WeightMatrix weight,
      List<RowRun<DeltaMatrix>> deltas) {
    backend
        .linear()
        .apply(
            backend.activations(outRows, outColumns),
            backend.activations(xRows, xColumns),
            weight,
            deltas);
  }

  private void attend(Activations q, KvCache cache, SequenceRows rows) {
    backend
        .attention()
        .apply(backend.activations(1, 4), q, cache, 0, List.of(rows), Attention.Scores.scaled(1));
  }
}
