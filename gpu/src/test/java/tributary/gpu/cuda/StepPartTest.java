package tributary.gpu.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.gpu.RowRun;
import tributary.gpu.SequenceRows;
import tributary.gpu.cuda.TinyDecoder.Extent;
import tributary.gpu.program.CompiledModel;
import tributary.gpu.program.CompiledSteps.Rows;
import tributary.gpu.program.CompiledSteps.Wanted;
import tributary.gpu.program.CompiledTenant;

/** How a step's rows are cut, without a device. */
class StepPartTest {
  private final Backend backend =
      CudaBackend.over(
          CudaDevice.open(new RecordingDriver(), used -> Kernels.load(used, _ -> new byte[0])),
          Backends.open(BackendChoice.SCALAR, 1));
  private final TinyDecoder decoder = new TinyDecoder(new Extent(40, 64, 2, 1, 64), false, 1);
  private final CompiledModel model =
      backend
          .compiler()
          .orElseThrow()
          .compile(decoder.program(), decoder.base(backend), decoder.cache(16, 1));

  private CompiledTenant tenant() {
    return model.tenant(Tenants.SIGNS.of(decoder, 1).operands(backend));
  }

  /** Rows whose tokens are their numbers. */
  private static Rows step(
      int rows, List<RowRun<CompiledTenant>> tenants, List<SequenceRows> sequences) {
    List<Wanted> wanted = new ArrayList<>(Collections.nCopies(rows, Wanted.NOTHING));
    for (SequenceRows sequence : sequences) {
      wanted.set(sequence.firstRow() + sequence.rows() - 1, Wanted.CHOICE);
    }
    return new Rows(IntStream.range(0, rows).toArray(), tenants, sequences, wanted);
  }

  @Test
  void a_part_takes_any_sequences_and_tells_which_rows_of_the_step_they_are() {
    SequenceRows first = new SequenceRows(0, 3, 5, new int[] {7, 8});
    SequenceRows other = new SequenceRows(3, 30, 0, new int[] {1, 2});
    SequenceRows last = new SequenceRows(33, 2, 16, new int[] {4, 5});
    Rows step = step(35, List.of(), List.of(first, other, last));

    List<StepPart> parts = StepPart.split(step, List.of(first, last), 32);

    assertThat(parts).hasSize(1);
    assertThat(parts.getFirst().stepRows()).containsExactly(0, 1, 2, 33, 34);
    List<StepPart> wanted = parts.getFirst().wanted(32);
    assertThat(wanted).hasSize(1);
    assertThat(wanted.getFirst().stepRows()).containsExactly(2, 34);
  }

  @Test
  void a_sequence_goes_on_in_the_next_part_where_it_was_cut() {
    SequenceRows only = new SequenceRows(0, 70, 10, new int[5]);
    Rows step = step(70, List.of(), List.of(only));

    List<StepPart> parts = StepPart.split(step, List.of(only), 32);

    assertThat(parts).extracting(StepPart::rows).containsExactly(32, 32, 6);
    assertThat(parts.getLast().pieces())
        .singleElement()
        .satisfies(piece -> {
          assertThat(piece.firstRow()).isEqualTo(64);
          assertThat(piece.firstPosition()).isEqualTo(74);
        });
  }

  @Test
  void neighbours_of_one_tenant_are_one_run_and_each_row_knows_its_run() {
    CompiledTenant one = tenant();
    CompiledTenant two = tenant();
    List<SequenceRows> sequences =
        List.of(
            new SequenceRows(0, 2, 0, new int[] {9}),
            new SequenceRows(2, 3, 4, new int[] {3, 6}),
            new SequenceRows(5, 1, 0, new int[1]),
            new SequenceRows(6, 2, 1, new int[1]));
    Rows step = step(8, List.of(new RowRun<>(0, 5, one), new RowRun<>(6, 2, two)), sequences);

    List<StepPart> parts = StepPart.split(step, sequences, 32);

    assertThat(parts).hasSize(1);
    StepPart part = parts.getFirst();
    assertThat(part.runs()).extracting(RowRun::rows).containsExactly(5, 2);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(StepLayout.bytes(8) + 5 * Integer.BYTES, Long.BYTES);
      assertThat(part.write(memory, 8)).isEqualTo(memory.byteSize());
      assertThat(memory.get(ValueLayout.JAVA_INT, 0)).isEqualTo(8);
      assertThat(memory.get(ValueLayout.JAVA_INT, 4)).isEqualTo(2);
      assertThat(row(memory, 1)).containsExactly(1, 1, 0, 1);
      assertThat(row(memory, 4)).containsExactly(4, 6, 1, 1);
      assertThat(row(memory, 5)).containsExactly(5, 0, 3, 0);
      assertThat(row(memory, 7)).containsExactly(7, 2, 4, 2);
      assertThat(memory.get(ValueLayout.JAVA_INT, StepLayout.bytes(8) + 2 * Integer.BYTES))
          .isEqualTo(6);
    }
    one.close();
    two.close();
  }

  private static int[] row(MemorySegment step, int row) {
    return step.asSlice(StepLayout.bytes(row), 4 * Integer.BYTES).toArray(ValueLayout.JAVA_INT);
  }

  @Test
  void a_launch_serves_no_more_runs_than_its_description_holds() {
    List<CompiledTenant> tenants = List.of(tenant(), tenant());
    List<SequenceRows> sequences = new ArrayList<>();
    List<RowRun<CompiledTenant>> runs = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      sequences.add(new SequenceRows(20 * i, 20, 0, new int[2]));
      runs.add(new RowRun<>(20 * i, 20, tenants.get(i % 2)));
    }

    List<StepPart> parts = StepPart.split(step(800, runs, sequences), sequences, 2048);

    assertThat(parts).extracting(part -> part.runs().size()).containsExactly(32, 8);
    tenants.forEach(CompiledTenant::close);
  }

  @AfterEach
  void close() {
    model.close();
    backend.close();
  }
}
