package tributary.compression;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import tributary.compression.calibration.CalibrationSet;
import tributary.gpu.Backend;
import tributary.gpu.scalar.ScalarBackend;
import tributary.model.gradient.Completion;

class CalibrationRecordsTest {
  /** Three records of eight inputs each, of whose sequences so many tokens are kept. */
  private static int bounded(int tokens) {
    Completion completion = new Completion(new int[9], 3);
    try (Backend backend = ScalarBackend.create("tests")) {
      CalibrationRecords records =
          new CalibrationRecords(
              new CalibrationSet(List.of(new int[tokens])),
              List.of(completion, completion, completion),
              backend,
              Path.of("."));
      return records.bounded().completions().size();
    }
  }

  @Test
  void completions_are_bounded_by_the_tokens_that_were_allowed() {
    assertThat(bounded(24)).isEqualTo(3);
    assertThat(bounded(23)).isEqualTo(2);
    assertThat(bounded(8)).isEqualTo(1);
  }

  @Test
  void one_completion_is_always_there() {
    assertThat(bounded(1)).isEqualTo(1);
  }

  /** {@code count} records of eight inputs, of whose sequences the first {@code read} are kept. */
  private static CalibrationRecords records(int count, int read, Backend backend) {
    List<Completion> completions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] tokens = new int[9];
      tokens[0] = i;
      completions.add(new Completion(tokens, 3));
    }
    List<int[]> sequences =
        completions.subList(0, read).stream().map(c -> Arrays.copyOf(c.tokens(), 8)).toList();
    return new CalibrationRecords(
        new CalibrationSet(sequences), completions, backend, Path.of("."));
  }

  private static List<Integer> firstTokens(List<Completion> completions) {
    return completions.stream().map(c -> c.tokens()[0]).toList();
  }

  @Test
  void records_that_calibration_does_not_read_are_held_out_first() {
    try (Backend backend = ScalarBackend.create("tests")) {
      CalibrationRecords records = records(16, 12, backend);
      CalibrationRecords.Split split = records.holdOut(4, 9, 1000);
      assertThat(split.isSpare()).isTrue();
      assertThat(firstTokens(split.heldOut())).containsExactly(12, 13, 14, 15);
      assertThat(split.learned().sequences()).isSameAs(records.sequences());
      assertThat(split.learned().completions()).hasSize(12);
    }
  }

  @Test
  void where_none_are_left_over_calibration_gives_up_its_last_records() {
    try (Backend backend = ScalarBackend.create("tests")) {
      CalibrationRecords.Split split = records(16, 15, backend).holdOut(4, 9, 1000);
      assertThat(split.isSpare()).isFalse();
      assertThat(firstTokens(split.heldOut())).containsExactly(12, 13, 14);
      assertThat(split.learned().sequences().sequences()).hasSize(12);
      assertThat(firstTokens(split.learned().completions())).endsWith(11);
    }
  }

  @Test
  void no_more_is_held_out_than_was_allowed() {
    try (Backend backend = ScalarBackend.create("tests")) {
      CalibrationRecords records = records(16, 8, backend);
      assertThat(firstTokens(records.holdOut(2, 3, 1000).heldOut())).containsExactly(13, 14, 15);
      assertThat(firstTokens(records.holdOut(2, 9, 17).heldOut())).containsExactly(14, 15);
      assertThat(firstTokens(records.holdOut(2, 9, 1).heldOut())).containsExactly(15);
    }
  }

  @Test
  void few_tokens_are_those_of_the_first_records() {
    try (Backend backend = ScalarBackend.create("tests")) {
      CalibrationRecords few = records(16, 8, backend).atMost(31);
      assertThat(few.sequences().sequences()).hasSize(3);
      assertThat(firstTokens(few.completions())).containsExactly(0, 1, 2);
      assertThat(few.atMost(1).completions()).hasSize(1);
    }
  }
}
