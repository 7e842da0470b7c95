package tributary.gpu.scalar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import tributary.gpu.Activations;
import tributary.gpu.Attention;
import tributary.gpu.Backend;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.KvShape;
import tributary.gpu.Rope;
import tributary.gpu.RowRun;
import tributary.gpu.SequenceRows;
import tributary.gpu.WeightMatrix;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.SignPlanes;

/** The definition itself, against values worked out by hand. */
final class ScalarBackendTest {
  private final Backend backend = ScalarBackend.create("for a test");
  private final WeightMatrix weight =
      backend.matrix(TensorView.of(Shape.of(2, 3), 1, 2, 3, 4, 5, 6));

  /** Plus, minus, plus; minus, minus, plus; scales 0.5 and 2; one added row. */
  private final DeltaMatrix signed =
      backend.delta(
          new DeltaTensor.Coded(
              new SignPlanes(
                  2,
                  3,
                  List.of(
                      new SignPlanes.Plane(
                          MemorySegment.ofArray(new long[] {0b101, 0b100}),
                          new float[] {0.5f, 2}))),
              null,
              TensorView.of(Shape.of(1, 3), 7, 8, 9)));

  private final DeltaMatrix replaced =
      backend.delta(
          new DeltaTensor.Replaced(TensorView.of(Shape.of(3, 3), 1, 0, 0, 0, 1, 0, 0, 0, 1)));

  @Test
  void linear_adds_each_runs_delta_and_marks_outputs_that_a_row_does_not_have() {
    Activations out = backend.activations(3, 3);
    Activations x = rows(new float[] {1, 1, 1}, new float[] {1, 2, 3}, new float[] {4, 5, 6});

    backend
        .linear()
        .apply(out, x, weight, List.of(new RowRun<>(1, 1, signed), new RowRun<>(2, 1, replaced)));

    assertThat(row(out, 0)).containsExactly(6, 15, Float.NEGATIVE_INFINITY);
    assertThat(row(out, 1)).containsExactly(14 + 0.5f * (1 - 2 + 3), 32, 50);
    assertThat(row(out, 2)).containsExactly(4, 5, 6);
  }

  @Test
  void gather_takes_rows_of_the_tenants_own_matrix() {
    Activations out = backend.activations(4, 3);

    backend
        .gather()
        .apply(
            out,
            new int[] {1, 0, 2, 2},
            weight,
            List.of(new RowRun<>(1, 2, signed), new RowRun<>(3, 1, replaced)));

    assertThat(row(out, 0)).containsExactly(4, 5, 6);
    assertThat(row(out, 1)).containsExactly(1.5f, 1.5f, 3.5f);
    assertThat(row(out, 2)).containsExactly(7, 8, 9);
    assertThat(row(out, 3)).containsExactly(0, 0, 1);
  }

  @Test
  void rows_of_the_base_are_multiplied_before_the_code_is_added() {
    SignPlanes planes =
        new SignPlanes(
            2,
            3,
            List.of(
                new SignPlanes.Plane(
                    MemorySegment.ofArray(new long[] {0b101, 0b100}), new float[] {0.5f, 2})));
    DeltaMatrix coded = backend.delta(new DeltaTensor.Coded(planes, new float[] {10, 0.5f}, null));
    Activations out = backend.activations(1, 2);
    Activations looked = backend.activations(1, 3);
    var runs = List.of(new RowRun<>(0, 1, coded));

    backend.linear().apply(out, rows(new float[] {1, 2, 3}), weight, runs);
    backend.gather().apply(looked, new int[] {1}, weight, runs);

    assertThat(row(out, 0)).containsExactly(140 + 0.5f * 2, 16 + 2f * 0);
    assertThat(row(looked, 0)).containsExactly(0, 0.5f, 5);
  }

  @Test
  void gather_refuses_a_token_that_is_no_row() {
    assertThatThrownBy(
            () -> backend.gather().apply(rows(new float[3]), new int[] {2}, weight, List.of()))
        .hasMessageContaining("token 2")
        .hasMessageContaining("rows=2");
  }

  @Test
  void rms_norm_scales_to_unit_root_mean_square_and_weighs() {
    Activations x = rows(new float[] {3, 4});

    backend
        .rmsNorm()
        .apply(
            x,
            x,
            List.of(new RowRun<>(0, 1, backend.vector(TensorView.of(Shape.of(2), 1, 10)))),
            0);

    assertThat(row(x, 0)[0]).isCloseTo((float) (3 / Math.sqrt(12.5)), within(1e-6f));
    assertThat(row(x, 0)[1]).isCloseTo((float) (40 / Math.sqrt(12.5)), within(1e-6f));
  }

  @Test
  void elementwise_steps_are_the_formulas() {
    Activations a = rows(new float[] {1, -2});
    Activations b = rows(new float[] {10, 20});

    backend.elementwise().siluMultiply(a, a, b);
    assertThat(row(a, 0)[0]).isCloseTo((float) (10 / (1 + Math.exp(-1))), within(1e-6f));
    assertThat(row(a, 0)[1]).isCloseTo((float) (-40 / (1 + Math.exp(2))), within(1e-6f));

    backend.elementwise().add(b, b);
    assertThat(row(b, 0)).containsExactly(20, 40);

    backend
        .elementwise()
        .addBias(b, List.of(new RowRun<>(0, 1, backend.vector(TensorView.of(Shape.of(2), 1, 2)))));
    assertThat(row(b, 0)).containsExactly(21, 42);

    Activations copies = backend.activations(2, 2);
    backend.elementwise().copyRows(copies, rows(new float[] {1, 2}, row(b, 0)), new int[] {1, 0});
    assertThat(row(copies, 0)).containsExactly(21, 42);
    assertThat(row(copies, 1)).containsExactly(1, 2);
  }

  @Test
  void attention_averages_the_values_that_the_rope_stored_by_the_keys_that_it_turned() {
    try (var cache = backend.kvCache(new KvShape(2, 1, 2, 1, 3))) {
      Activations q = rows(new float[] {1, 0}, new float[] {1, 0});
      Activations k = rows(new float[] {0, 0}, new float[] {1, 0});
      Activations v = rows(new float[] {5, 6}, new float[] {7, 8});
      var rows = List.of(new SequenceRows(0, 2, 0, new int[] {2, 0}));
      float angle = (float) (Math.PI / 2);

      backend
          .rope()
          .apply(
              new Rope.Operands(q, k, v),
              new Rope.Frequencies(new float[] {angle}, 1),
              cache,
              1,
              rows);
      assertThat(row(q, 1)[0]).isCloseTo(0, within(1e-6f));
      assertThat(row(q, 1)[1]).isCloseTo(1, within(1e-6f));

      Activations out = backend.activations(2, 2);
      backend.attention().apply(out, q, cache, 1, rows, Attention.Scores.scaled(2));
      double second = Math.exp(2) / (1 + Math.exp(2));
      assertThat(row(out, 0)).containsExactly(5, 6);
      assertThat(row(out, 1)[0]).isCloseTo((float) (5 + 2 * second), within(1e-5f));
      assertThat(row(out, 1)[1]).isCloseTo((float) (6 + 2 * second), within(1e-5f));
    }
  }

  private Activations rows(float[]... rows) {
    Activations activations = backend.activations(rows.length, rows[0].length);
    for (int i = 0; i < rows.length; i++) {
      activations.writeRow(i, rows[i]);
    }
    return activations;
  }

  private static float[] row(Activations activations, int row) {
    float[] values = new float[activations.columns()];
    activations.readRow(row, values);
    return values;
  }
}
