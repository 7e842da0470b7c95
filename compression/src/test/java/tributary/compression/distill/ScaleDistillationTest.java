package tributary.compression.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.compression.distill.DistillationSettings.Objective;
import tributary.compression.distill.DistillationSettings.Parameters;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.gradient.Completion;
import tributary.model.gradient.CompletionBatch;
import tributary.model.gradient.GradientPass;
import tributary.model.gradient.LogitLoss;
import tributary.protocol.TributaryException;
import tributary.tensor.format.DeltaTensor.Coded;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;

final class ScaleDistillationTest {
  private static final Backend BACKEND = Backends.open(BackendChoice.VECTOR, 1);

  /** Remembers what it is told. */
  private static final class Heard implements ScaleDistillation.Progress {
    private final List<Double> losses = new ArrayList<>();
    private final Map<Integer, Double> heldOut = new TreeMap<>();

    @Override
    public void step(int done, int of, double loss) {
      losses.add(loss);
    }

    @Override
    public void heldOut(int step, double loss) {
      heldOut.put(step, loss);
    }
  }

  @AfterAll
  static void close() {
    BACKEND.close();
  }

  /** B6, first part. */
  @ParameterizedTest
  @EnumSource(Objective.class)
  void a_scales_derivative_is_what_the_loss_does(Objective objective) {
    ScaleDistillation.Job job = Cases.job(1);
    Student student = new Student(job, BACKEND.gemm());
    CompletionBatch batch = CompletionBatch.of(Cases.records(2, 3));
    var wanted = GradientPass.of(job.teacher(), BACKEND.gemm()).logits(batch.batch(), batch.rows());
    LogitLoss loss =
        switch (objective) {
          case SQUARED_LOGITS -> new LogitLoss.SquaredDistance(wanted);
          case COMPLETION_DIVERGENCE -> new LogitLoss.Divergence(wanted);
        };
    float[] scales = student.startingScales();
    student.set(scales);
    double[] gradient = new double[scales.length];
    student.gradient(batch.batch(), batch.rows(), loss, gradient);
    float step = 0x1p-8f;
    double largest = 0;
    for (int i = 0; i < scales.length; i++) {
      float kept = scales[i];
      scales[i] = kept + step;
      double above = loss(student, scales, batch, loss);
      scales[i] = kept - step;
      double below = loss(student, scales, batch, loss);
      scales[i] = kept;
      double slope = (above - below) / (2 * step);
      assertThat(gradient[i]).isCloseTo(slope, within(5e-3 * Math.abs(slope) + 3e-3));
      largest = Math.max(largest, Math.abs(slope));
    }
    assertThat(largest).isGreaterThan(0.1);
  }

  private static double loss(
      Student student, float[] scales, CompletionBatch batch, LogitLoss loss) {
    student.set(scales);
    return student.loss(batch.batch(), batch.rows(), loss);
  }

  /** B6, second part: on the records that judge, and those that teach. */
  @ParameterizedTest
  @EnumSource(Objective.class)
  void distilled_scales_are_nearer_to_the_fine_tune(Objective objective) {
    for (Parameters parameters : Parameters.values()) {
      var settings = new DistillationSettings(objective, parameters, 0.02, 80, 4, 64, 0.25, 3);
      Heard heard = new Heard();
      var outcome =
          ScaleDistillation.run(
              Cases.job(1), Cases.records(5, 24), settings, BACKEND.gemm(), heard);
      assertThat(outcome.lossAfter()).isLessThan(0.9 * outcome.lossBefore());
      assertThat(outcome.step()).isPositive();
      assertThat(heard.losses).hasSize(80);
      assertThat(mean(heard.losses.subList(60, 80))).isLessThan(mean(heard.losses.subList(0, 20)));
      assertThat(heard.heldOut).containsEntry(0, outcome.lossBefore());
      assertThat(heard.heldOut).containsEntry(outcome.step(), outcome.lossAfter());
    }
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  @Test
  void scales_that_get_worse_are_not_taken() {
    ScaleDistillation.Job job = Cases.job(1);
    var settings =
        new DistillationSettings(Objective.SQUARED_LOGITS, Parameters.SCALES, 1, 8, 1, 64, 0.25, 3);
    var outcome =
        ScaleDistillation.run(job, Cases.records(5, 12), settings, BACKEND.gemm(), new Heard());
    assertThat(outcome.step()).isZero();
    assertThat(outcome.lossAfter()).isEqualTo(outcome.lossBefore());
    job.codes()
        .forEach((name, code) ->
            assertThat(Cases.decoded(outcome.codes().get(name))).isEqualTo(Cases.decoded(code)));
  }

  @Test
  void codes_stay_and_scales_are_as_files_hold_them() {
    ScaleDistillation.Job job = Cases.job(1);
    var outcome =
        ScaleDistillation.run(job, Cases.records(5, 12), quick(1), BACKEND.gemm(), new Heard());
    assertThat(outcome.step()).isPositive();
    outcome
        .codes()
        .forEach((name, code) -> {
          SignPlanes before = signs(job, name);
          SignPlanes.Plane after = ((SignPlanes) code.code()).planes().getFirst();
          assertThat(after.signs()).isSameAs(before.planes().getFirst().signs());
          for (float scale : after.scales()) {
            float half = Float.float16ToFloat(Float.floatToFloat16(scale));
            assertThat(scale).isEqualTo(half);
          }
        });
  }

  @Test
  void the_same_seed_gives_the_same_scales_and_another_does_not() {
    List<float[]> results = new ArrayList<>();
    for (long seed : new long[] {1, 1, 2}) {
      var outcome =
          ScaleDistillation.run(
              Cases.job(1), Cases.records(5, 12), quick(seed), BACKEND.gemm(), new Heard());
      results.add(Cases.decoded(outcome.codes().get("model.layers.0.self_attn.q_proj.weight")));
    }
    assertThat(results.get(1)).isEqualTo(results.get(0));
    assertThat(results.get(2)).isNotEqualTo(results.get(0));
  }

  @Test
  void codes_without_scales_are_decoded_and_stay() {
    ScaleDistillation.Job job = Cases.job(1);
    String name = "model.layers.1.mlp.down_proj.weight";
    SignPlanes signs = signs(job, name);
    SignPlanes.Plane plane = signs.planes().getFirst();
    float[] table = new float[2 * signs.rows()];
    for (int row = 0; row < signs.rows(); row++) {
      table[2 * row] = -plane.scale(row);
      table[2 * row + 1] = plane.scale(row);
    }
    MatrixCode tables =
        new LookupPlanes(signs.rows(), signs.columns(), List.of(plane.signs()), List.of(table));
    Coded looked = new Coded(tables, coded(job, name).baseFactors(), null);
    Map<String, Coded> codes = new TreeMap<>(job.codes());
    codes.put(name, looked);
    var mixed =
        new ScaleDistillation.Job(job.teacher(), job.others(), job.base(), codes, job.directory());
    List<Completion> records = Cases.records(5, 12);
    var found = ScaleDistillation.run(mixed, records, quick(1), BACKEND.gemm(), new Heard());
    var all = ScaleDistillation.run(job, records, quick(1), BACKEND.gemm(), new Heard());
    assertThat(found.codes().get(name)).isSameAs(looked);
    assertThat(found.lossBefore()).isCloseTo(all.lossBefore(), within(1e-9));
    assertThat(found.step()).isPositive();

    assertThatThrownBy(() ->
            ScaleDistillation.run(
                new ScaleDistillation.Job(
                    job.teacher(),
                    othersAnd(job),
                    job.base(),
                    Map.of(name, looked),
                    job.directory()),
                records,
                quick(1),
                BACKEND.gemm(),
                new Heard()))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining("none of the 1 coded linears");
  }

  private static Coded coded(ScaleDistillation.Job job, String name) {
    return Objects.requireNonNull(job.codes().get(name));
  }

  private static SignPlanes signs(ScaleDistillation.Job job, String name) {
    return (SignPlanes) coded(job, name).code();
  }

  private static Map<String, float[]> othersAnd(ScaleDistillation.Job job) {
    Map<String, float[]> others = new TreeMap<>(job.others());
    job.codes().keySet().forEach(name -> others.put(name, job.base().tensor(name).toFloats()));
    return others;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void too_few_records_are_refused(int count) {
    List<Completion> records = Cases.records(1, count);
    assertThatThrownBy(() ->
            ScaleDistillation.run(Cases.job(1), records, quick(1), BACKEND.gemm(), new Heard()))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining("has " + count + " records");
  }

  @Test
  void settings_out_of_range_are_refused() {
    assertThatThrownBy(() ->
            new DistillationSettings(
                Objective.SQUARED_LOGITS, Parameters.SCALES, 0, 8, 1, 64, 0.25, 3))
        .hasMessageContaining("distillation rate");
    assertThatThrownBy(() ->
            new DistillationSettings(
                Objective.SQUARED_LOGITS, Parameters.SCALES, 1e-4, 8, 1, 64, 1, 3))
        .hasMessageContaining("share held out");
  }

  private static DistillationSettings quick(long seed) {
    return new DistillationSettings(
        Objective.COMPLETION_DIVERGENCE, Parameters.LOGARITHMS, 0.02, 20, 4, 64, 0.25, seed);
  }
}
