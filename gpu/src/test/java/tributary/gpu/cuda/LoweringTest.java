package tributary.gpu.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.gpu.cuda.TinyDecoder.Extent;
import tributary.gpu.cuda.driver.DeviceFacts;
import tributary.gpu.program.StepOp;
import tributary.gpu.program.StepProgram;
import tributary.protocol.TributaryException;

class LoweringTest {
  private static final DeviceFacts FACTS = new RecordingDriver().facts();

  private final Backend scalar = Backends.open(BackendChoice.SCALAR, 1);
  private final TinyDecoder decoder = new TinyDecoder(new Extent(40, 64, 4, 2, 16), false, 1);

  private DevicePlan plan(StepProgram program) {
    return Lowering.lower(program, decoder.base(scalar));
  }

  @Test
  void projections_of_one_input_are_merged_and_sums_go_into_them() {
    DevicePlan plan = plan(decoder.program());

    assertThat(plan.ops().stream().map(op -> op.getClass().getSimpleName()))
        .containsExactly(
            "Embed",
            "Normalize",
            "QueryKeyValue",
            "QueryKeyValueBias",
            "QueryKeyValueBias",
            "QueryKeyValueBias",
            "Attend",
            "AddProjection",
            "ResidualBias",
            "Normalize",
            "GateUp",
            "AddProjection",
            "Normalize",
            "Head");
    assertThat(plan.projections().stream().map(Projection::outputs))
        .containsExactly(40, 64 + 32 + 32, 64, 2 * 64, 64, 40);
  }

  @Test
  void interleaved_rows_alternate_in_groups_of_eight() {
    Projection gateUp = plan(decoder.program()).projections().get(3);
    Placement gate = gateUp.members().get(0).at();
    Placement up = gateUp.members().get(1).at();

    assertThat(List.of(gate.output(0), gate.output(7), gate.output(8), gate.output(17)))
        .containsExactly(0, 7, 16, 33);
    assertThat(List.of(up.output(0), up.output(7), up.output(8))).containsExactly(8, 15, 24);
    assertThat(gate.from(24).output(3)).isEqualTo(gate.output(27));
    assertThat(up.from(8).output(9)).isEqualTo(up.output(17));
    assertThat(gateUp.parts()).hasSize(1);
  }

  @Test
  void members_that_share_a_tile_form_one_part() {
    DevicePlan plan =
        Lowering.lower(
            decoder.program(),
            new TinyDecoder(new Extent(40, 64, 3, 1, 40), false, 1).base(scalar));

    assertThat(plan(decoder.program()).projections().get(1).parts()).hasSize(3);
    assertThat(plan.projections().get(1).parts()).hasSize(1);
  }

  @Test
  void a_step_without_a_kernel_for_it_is_refused_by_name() {
    List<StepOp> ops = new ArrayList<>(decoder.program().ops());
    ops.removeIf(op -> op instanceof StepOp.Rotate);
    refused(ops, "an unfinished product", "backend cpu");

    ops = new ArrayList<>(decoder.program().ops());
    ops.removeIf(op -> op instanceof StepOp.Gate);
    refused(ops, "an unfinished product");

    ops = new ArrayList<>(decoder.program().ops());
    ops.add(ops.size() - 1, new StepOp.Add(0, 0));
    refused(ops, "a sum with anything but the residual");
  }

  private void refused(List<StepOp> ops, String... words) {
    assertThatThrownBy(() -> plan(new StepProgram(ops, 9)))
        .isInstanceOf(TributaryException.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void few_sizes_of_graphs_hold_every_number_of_rows() {
    for (int rows = 1; rows <= StepLayout.ROWS_MAX; rows++) {
      assertThat(CudaSteps.bucket(rows)).isBetween(rows, Math.max(2 * rows - 1, rows + 7));
      assertThat(CudaSteps.bucket(CudaSteps.bucket(rows))).isEqualTo(CudaSteps.bucket(rows));
    }
  }

  @Test
  void shared_memory_is_what_the_kernels_count() {
    assertThat(FusedLinear.sharedBytes(1, 4096, 12288, 66)).isEqualTo(48 * 1024 + 5 * 16 * 2048);
    assertThat(FusedLinear.sharedBytes(4, 4096, 22016, 66)).isEqualTo(64 * 1024 + 4 * 16 * 2048);
    assertThat(FusedLinear.sharedBytes(1, 11008, 4096, 66))
        .isEqualTo(48 * 1024 + 4 * 256 + 5 * 16 * 2048);
    assertThat(FusedLinear.sharedBytes(2, 14336, 4096, 66))
        .isEqualTo(56 * 1024 + 4 * 512 + 5 * 16 * 2048);
  }

  @Test
  void launches_keep_within_a_multiprocessor() {
    for (int rows : new int[] {1, 8, 9, 16, 17, 32}) {
      for (int columns : new int[] {8, 384, 1024, 2048, 4096, 5632, 8192, 11008, 14336}) {
        for (int outputs : new int[] {8, 4096, 128_256}) {
          for (FusedLinear.Kinds kinds : FusedLinear.Kinds.values()) {
            FusedLinear.arrangement(new FusedLinear.Extent(rows, columns, outputs, kinds), FACTS)
                .ifPresent(how -> {
                  assertThat(how.sharedBytes()).isLessThanOrEqualTo(225 * 1024);
                  assertThat(8 * how.rowTiles()).isGreaterThanOrEqualTo(rows);
                  assertThat(how.clusters()).isGreaterThanOrEqualTo(66);
                  assertThat(kinds != FusedLinear.Kinds.NONE && how.clusters() > 66).isFalse();
                });
          }
        }
      }
    }
  }

  @Test
  void what_does_not_fit_one_size_takes_another_or_fewer_rows() {
    assertThat(FusedLinear.rowsMax(FACTS, 4096, 128_256)).isEqualTo(32);
    assertThat(FusedLinear.rowsMax(FACTS, 14336, 4096)).isEqualTo(32);
    assertThat(FusedLinear.rowsMax(FACTS, 8192, 64_000)).isEqualTo(8);
    assertThat(FusedLinear.rowsMax(FACTS, 200_000, 64)).isZero();
    assertThat(
            FusedLinear.arrangement(
                    new FusedLinear.Extent(1, 18944, 3584, FusedLinear.Kinds.ANY), FACTS)
                .orElseThrow()
                .kernel())
        .isEqualTo("fused_linear_32");
    assertThat(
            FusedLinear.arrangement(
                    new FusedLinear.Extent(32, 8192, 128_256, FusedLinear.Kinds.NONE), FACTS)
                .orElseThrow()
                .clusters())
        .isGreaterThan(66);
  }

  @Test
  void tables_of_differences_lie_as_the_kernels_read_them() {
    MemorySegment table = MemorySegment.ofArray(new long[ProjectionLayout.BYTES / Long.BYTES]);
    ProjectionLayout.write(
        table,
        List.of(
            new ProjectionLayout.Part(
                new ProjectionLayout.Kind.Signs(3), 1L << 40, 1L << 41, true, 16, 48),
            new ProjectionLayout.Part(
                new ProjectionLayout.Kind.Vectors(1L << 42, 8, true), 5, 6, false, 8, 128)),
        200);

    assertThat(table.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(1L << 40);
    assertThat(table.get(ValueLayout.JAVA_LONG, 8)).isEqualTo(1L << 41);
    assertThat(table.get(ValueLayout.JAVA_INT, 16)).isEqualTo(16);
    assertThat(table.get(ValueLayout.JAVA_INT, 20)).isEqualTo(48);
    assertThat(table.asSlice(24, 8).toArray(ValueLayout.JAVA_BYTE))
        .containsExactly(0, 3, 0, 0, 0, 1, 0, 0);
    assertThat(table.asSlice(32 + 24, 8).toArray(ValueLayout.JAVA_BYTE))
        .containsExactly(2, 1, 0, 8, 1, 0, 0, 0);
    assertThat(table.get(ValueLayout.JAVA_INT, 96)).isEqualTo(2);
    assertThat(table.get(ValueLayout.JAVA_INT, 100)).isEqualTo(200);
    assertThat(table.get(ValueLayout.JAVA_LONG, 112)).isEqualTo(1L << 42);
  }
}
