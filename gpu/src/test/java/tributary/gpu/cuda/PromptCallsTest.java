package tributary.gpu.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.gpu.RowRun;
import tributary.gpu.SequenceRows;
import tributary.gpu.cuda.TinyDecoder.Extent;
import tributary.gpu.cuda.driver.LaunchShape.Grid;
import tributary.gpu.program.CompiledModel;
import tributary.gpu.program.CompiledSteps;
import tributary.gpu.program.CompiledSteps.Wanted;
import tributary.gpu.program.CompiledTenant;

/** Which launches steps with long prompts make, which no device is needed for. */
class PromptCallsTest {
  private final RecordingDriver driver = new RecordingDriver();
  private final Backend backend =
      CudaBackend.over(
          CudaDevice.open(driver, used -> Kernels.load(used, _ -> new byte[0])),
          Backends.open(BackendChoice.SCALAR, 1));
  private final TinyDecoder decoder = new TinyDecoder(new Extent(40, 64, 2, 1, 64), false, 1);
  private final CompiledModel model =
      backend
          .compiler()
          .orElseThrow()
          .compile(decoder.program(), decoder.base(backend), decoder.cache(16, 1));
  private final CompiledSteps steps = model.steps(decoder.cache(16, 512));
  private final List<Integer> chosen = new ArrayList<>();

  /** Sequences of these lengths, each but the first of a tenant of its own where there is one. */
  private void run(List<CompiledTenant> tenants, int... lengths) {
    List<SequenceRows> sequences = new ArrayList<>();
    List<RowRun<CompiledTenant>> runs = new ArrayList<>();
    int rows = 0;
    for (int i = 0; i < lengths.length; i++) {
      sequences.add(new SequenceRows(rows, lengths[i], 0, new int[lengths[i] / 16 + 1]));
      if (i > 0 && i <= tenants.size()) {
        runs.add(new RowRun<>(rows, lengths[i], tenants.get(i - 1)));
      }
      rows += lengths[i];
    }
    List<Wanted> wanted = new ArrayList<>(Collections.nCopies(rows, Wanted.NOTHING));
    for (SequenceRows sequence : sequences) {
      wanted.set(sequence.firstRow() + sequence.rows() - 1, Wanted.CHOICE);
    }
    driver.takeCalls();
    driver.takeKernels();
    driver.takeShapes();
    steps.run(
        new CompiledSteps.Rows(new int[rows], runs, sequences, wanted),
        new CompiledSteps.Results() {
          @Override
          public void chosen(int row, int token) {
            chosen.add(row);
          }

          @Override
          public void logits(int row, float[] logits) {}
        });
  }

  private CompiledTenant tenant(Tenants kind, long seed) {
    return model.tenant(kind.of(decoder, seed).operands(backend));
  }

  @Test
  void a_prompt_of_the_base_is_one_series_of_launches_and_a_head_of_one_row() {
    run(List.of(), 300);

    assertThat(driver.takeKernels())
        .containsExactly(
            "embedding_gather_f32",
            "rms_norm_bf16",
            "prefill_linear",
            "rope_and_cache_bf16",
            "paged_prefill_64",
            "prefill_linear",
            "rms_norm_bf16",
            "prefill_linear",
            "prefill_linear",
            "rms_norm_bf16",
            "fused_linear_base_8",
            "argmax_f32");
    assertThat(driver.takeShapes())
        .extracting(shape -> shape.grid())
        .contains(new Grid(300, 1, 1), new Grid(2, 5, 1), new Grid(2, 1, 1), new Grid(300, 4, 1));
    assertThat(driver.takeCalls())
        .contains("copyOnDevice", "copyToHost bytes=" + Integer.BYTES)
        .doesNotContain("beginCapture", "launchGraph");
    assertThat(chosen).containsExactly(299);
  }

  @Test
  void tenants_of_light_differences_share_the_base_s_launches() {
    List<CompiledTenant> tenants =
        List.of(tenant(Tenants.SIGNS, 1), tenant(Tenants.VECTORS, 2), tenant(Tenants.REPLACED, 3));
    run(tenants, 200, 128, 129, 500);

    assertThat(driver.takeKernels())
        .doesNotContain("widen_projection")
        .filteredOn("prefill_linear"::equals)
        .hasSize(4);
    // One tile of the base's rows, of 128 and of 129, two of 500.
    assertThat(driver.takeShapes()).extracting(shape -> shape.grid()).contains(new Grid(5, 1, 1));
    assertThat(chosen).containsExactly(199, 327, 456, 956);
    tenants.forEach(CompiledTenant::close);
  }

  @Test
  void tenants_of_other_differences_share_launches_behind_their_widened_weights() {
    List<CompiledTenant> tenants =
        List.of(
            tenant(Tenants.SPARSE_CODES, 1),
            tenant(Tenants.GROUPED_CODES, 2),
            tenant(Tenants.SPARSE_CODES, 3));
    run(tenants, 200, 128, 129, 500);

    List<String> kernels = driver.takeKernels();
    assertThat(kernels).filteredOn("paged_prefill_64"::equals).hasSize(1);
    // The largest projection, of queries, keys and values, has room for two tenants at a time.
    assertThat(kernels)
        .containsSequence(
            "rms_norm_bf16",
            "widen_projection",
            "prefill_linear",
            "widen_projection",
            "prefill_linear",
            "rope_and_cache_bf16",
            "paged_prefill_64",
            "widen_projection",
            "prefill_linear",
            "rms_norm_bf16");
    assertThat(chosen).containsExactly(199, 327, 456, 956);
    tenants.forEach(CompiledTenant::close);
  }

  @Test
  void only_stretches_that_are_long_enough_leave_the_graphs() {
    run(List.of(), 1, 300, 127, 128, 1);

    List<String> calls = driver.takeCalls();
    assertThat(calls).filteredOn("launchGraph"::equals).hasSize(5);
    assertThat(driver.takeShapes()).extracting(shape -> shape.grid()).contains(new Grid(428, 1, 1));
    assertThat(chosen).containsExactlyInAnyOrder(0, 300, 427, 555, 556);
  }

  @Test
  void more_rows_than_fit_follow_in_another_series() {
    run(List.of(), 1500, 1500);

    assertThat(driver.takeShapes())
        .extracting(shape -> shape.grid())
        .contains(new Grid(2048, 1, 1), new Grid(952, 1, 1));
    assertThat(chosen).containsExactly(1499, 2999);
  }

  @Test
  void prompts_run_as_before_where_there_is_no_memory_for_them() {
    driver.limitMemory(1 << 16);
    run(List.of(), 300);

    assertThat(driver.takeCalls()).filteredOn("launchGraph"::equals).hasSize(10);
    assertThat(chosen).containsExactly(299);
  }

  @AfterEach
  void nothing_is_left_behind() {
    steps.close();
    model.close();
    backend.close();
    assertThat(driver.held()).isZero();
  }
}
