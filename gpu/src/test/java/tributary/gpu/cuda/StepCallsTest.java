package tributary.gpu.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.gpu.RowRun;
import tributary.gpu.SequenceRows;
import tributary.gpu.cuda.TinyDecoder.Extent;
import tributary.gpu.cuda.driver.CudaException;
import tributary.gpu.program.CompiledModel;
import tributary.gpu.program.CompiledSteps;
import tributary.gpu.program.CompiledSteps.Wanted;
import tributary.gpu.program.CompiledTenant;
import tributary.gpu.program.Draw;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** What steps ask of a driver, which no device is needed for. */
class StepCallsTest {
  private static final CompiledSteps.Results IGNORED =
      new CompiledSteps.Results() {
        @Override
        public void chosen(int row, int token) {}

        @Override
        public void logits(int row, float[] logits) {}
      };

  private final RecordingDriver driver = new RecordingDriver();
  private final Backend backend =
      CudaBackend.over(
          CudaDevice.open(driver, used -> Kernels.load(used, _ -> new byte[0])),
          Backends.open(BackendChoice.SCALAR, 1));
  private final TinyDecoder decoder = new TinyDecoder(new Extent(40, 64, 2, 1, 64), false, 1);

  private CompiledModel model() {
    return backend
        .compiler()
        .orElseThrow()
        .compile(decoder.program(), decoder.base(backend), decoder.cache(16, 1));
  }

  /** A decode step: one row a sequence, each of another tenant. */
  private static CompiledSteps.Rows decode(
      List<CompiledTenant> tenants, int rows, int position, Wanted wanted) {
    List<RowRun<CompiledTenant>> runs = new ArrayList<>();
    List<SequenceRows> sequences = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      sequences.add(new SequenceRows(row, 1, position, new int[] {row, row + 1}));
      if (row < tenants.size()) {
        runs.add(new RowRun<>(row, 1, tenants.get(row)));
      }
    }
    return new CompiledSteps.Rows(
        new int[rows], runs, sequences, Collections.nCopies(rows, wanted));
  }

  @Test
  void a_decode_step_is_one_copy_one_graph_and_one_copy_back() {
    try (CompiledModel model = model();
        CompiledTenant first = model.tenant(Tenants.SIGNS.of(decoder, 1).operands(backend));
        CompiledTenant second = model.tenant(Tenants.ANY_CODES.of(decoder, 2).operands(backend));
        CompiledSteps steps = model.steps(decoder.cache(16, 64))) {
      steps.run(decode(List.of(first, second), 5, 0, Wanted.CHOICE), IGNORED);
      steps.run(decode(List.of(), 5, 0, Wanted.CHOICE), IGNORED);
      driver.takeCalls();
      for (int position = 1; position < 20; position++) {
        List<CompiledTenant> tenants =
            switch (position % 3) {
              case 0 -> List.of(first, second);
              case 1 -> List.of(second);
              default -> List.of();
            };
        int rows = 5 + position % 4;
        steps.run(decode(tenants, rows, position, Wanted.CHOICE), IGNORED);

        assertThat(driver.takeCalls())
            .containsExactly(
                "copyToDevice",
                "launchGraph",
                "copyToHost bytes=" + rows * Integer.BYTES,
                "synchronize");
      }
    }
  }

  @Test
  void draws_cost_no_call_more_than_the_likeliest_tokens() {
    try (CompiledModel model = model();
        CompiledSteps steps = model.steps(decoder.cache(16, 64))) {
      CompiledSteps.Rows greedy = decode(List.of(), 2, 0, Wanted.CHOICE);
      CompiledSteps.Rows drawing =
          new CompiledSteps.Rows(
              greedy.tokens(),
              greedy.tenants(),
              greedy.sequences(),
              greedy.wanted(),
              List.of(Draw.GREEDY, new Draw(1, 0, 0.9, 0, 0.5)));
      steps.run(greedy, IGNORED);
      steps.run(drawing, IGNORED);
      driver.takeCalls();
      steps.run(greedy, IGNORED);
      List<String> calls = driver.takeCalls();
      steps.run(drawing, IGNORED);

      assertThat(driver.takeCalls()).isEqualTo(calls).contains("launchGraph");
    }
  }

  @Test
  void linear_layers_of_a_step_fill_the_device_with_clusters() {
    try (CompiledModel model = model();
        CompiledTenant tenant = model.tenant(Tenants.SIGNS.of(decoder, 1).operands(backend));
        CompiledSteps steps = model.steps(decoder.cache(16, 64))) {
      driver.takeShapes();
      steps.run(decode(List.of(tenant), 5, 0, Wanted.CHOICE), IGNORED);

      assertThat(driver.takeShapes())
          .filteredOn(shape -> shape.block() == 512 && shape.sharedBytes() > 0)
          .hasSize(5)
          .allMatch(shape -> shape.grid().x() == 132 && shape.cluster() == 2);
    }
  }

  @Test
  void steps_of_codes_of_one_kind_and_of_the_base_have_kernels_of_their_own() {
    try (CompiledModel model = model();
        CompiledTenant signs = model.tenant(Tenants.SIGNS.of(decoder, 1).operands(backend));
        CompiledTenant vectors = model.tenant(Tenants.VECTORS.of(decoder, 2).operands(backend));
        CompiledSteps steps = model.steps(decoder.cache(16, 64))) {
      assertThat(linears(steps, List.of(signs, signs))).containsOnly("fused_linear_signs_8");
      assertThat(linears(steps, List.of(vectors))).containsOnly("fused_linear_vectors_8");
      assertThat(linears(steps, List.of(signs, vectors))).containsOnly("fused_linear_8");
      assertThat(linears(steps, List.of())).containsOnly("fused_linear_base_8");
    }
  }

  private List<String> linears(CompiledSteps steps, List<CompiledTenant> tenants) {
    driver.takeKernels();
    steps.run(decode(tenants, 5, 0, Wanted.CHOICE), IGNORED);
    return driver.takeKernels().stream().filter(name -> name.startsWith("fused_linear")).toList();
  }

  @Test
  void logits_come_back_only_where_they_are_wanted() {
    try (CompiledModel model = model();
        CompiledSteps steps = model.steps(decoder.cache(16, 64))) {
      steps.run(decode(List.of(), 3, 0, Wanted.LOGITS), IGNORED);
      driver.takeCalls();
      steps.run(decode(List.of(), 3, 1, Wanted.LOGITS), IGNORED);

      assertThat(driver.takeCalls()).contains("copyToHost bytes=" + 3 * 40 * Float.BYTES);
    }
  }

  @Test
  void a_prompt_runs_in_graphs_of_32_rows_of_which_only_the_last_has_logits() {
    try (CompiledModel model = model();
        CompiledSteps steps = model.steps(decoder.cache(16, 64))) {
      List<Wanted> wanted = new ArrayList<>(Collections.nCopies(70, Wanted.NOTHING));
      wanted.set(69, Wanted.CHOICE);
      int[] pages = IntStream.range(0, 5).toArray();
      CompiledSteps.Rows prompt =
          new CompiledSteps.Rows(
              new int[70], List.of(), List.of(new SequenceRows(0, 70, 0, pages)), wanted);
      steps.run(prompt, IGNORED);
      driver.takeCalls();
      steps.run(prompt, IGNORED);

      List<String> calls = driver.takeCalls();
      assertThat(calls).filteredOn("launchGraph"::equals).hasSize(3);
      assertThat(calls).filteredOn(call -> call.startsWith("copyToHost")).hasSize(1);
      assertThat(calls).doesNotContain("launch");
    }
  }

  @Test
  void a_longer_page_table_than_ever_records_anew_and_goes_on() {
    try (CompiledModel model = model();
        CompiledSteps steps = model.steps(decoder.cache(16, 64))) {
      steps.run(decode(List.of(), 1, 0, Wanted.CHOICE), IGNORED);
      driver.takeCalls();
      steps.run(
          new CompiledSteps.Rows(
              new int[1],
              List.of(),
              List.of(new SequenceRows(0, 1, 0, new int[100_000])),
              List.of(Wanted.CHOICE)),
          IGNORED);

      assertThat(driver.takeCalls()).contains("destroyGraph", "beginCapture", "launchGraph");
    }
  }

  @Test
  void a_device_that_failed_is_loaded_again_and_goes_on() {
    try (CompiledModel model = model();
        CompiledTenant tenant = model.tenant(Tenants.SIGNS.of(decoder, 1).operands(backend));
        CompiledSteps steps = model.steps(decoder.cache(16, 64))) {
      CompiledSteps.Rows rows = decode(List.of(tenant), 2, 0, Wanted.CHOICE);
      steps.run(rows, IGNORED);
      driver.failNextLaunch(new CudaException("cuGraphLaunch", 700, "illegal address"));

      assertThatThrownBy(() -> steps.run(rows, IGNORED))
          .isInstanceOfSatisfying(
              TributaryException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.DEVICE_FAILED));
      driver.takeCalls();
      model.restart();
      assertThat(driver.takeCalls()).contains("reset", "loadModule", "allocate", "copyToDevice");
      steps.run(rows, IGNORED);
      assertThat(driver.takeCalls()).contains("beginCapture", "launchGraph");
    }
    backend.close();
    assertThat(driver.held()).isZero();
  }

  @Test
  void a_step_that_finds_no_memory_says_so_and_leaves_the_rest() {
    try (CompiledModel model = model();
        CompiledSteps steps = model.steps(decoder.cache(16, 64))) {
      CompiledSteps.Rows rows = decode(List.of(), 2, 0, Wanted.CHOICE);
      driver.failNextLaunch(new CudaException("cuGraphLaunch", 2, "out of memory"));
      assertThatThrownBy(() -> steps.run(rows, IGNORED))
          .isInstanceOfSatisfying(
              TributaryException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.DEVICE_MEMORY));
      driver.takeCalls();
      steps.run(rows, IGNORED);

      assertThat(driver.takeCalls()).contains("fill", "launchGraph").doesNotContain("reset");
      steps.run(rows, IGNORED);
      assertThat(driver.takeCalls()).doesNotContain("fill");
    }
  }

  @Test
  void everything_is_given_back() {
    try (CompiledModel model = model();
        CompiledTenant tenant = model.tenant(Tenants.ADDED_ROWS.of(decoder, 1).operands(backend));
        CompiledSteps steps = model.steps(decoder.cache(16, 64))) {
      steps.run(decode(List.of(tenant), 2, 0, Wanted.CHOICE), IGNORED);
      assertThat(driver.held()).isPositive();
    }
    backend.close();
    assertThat(driver.held()).isZero();
  }
}
