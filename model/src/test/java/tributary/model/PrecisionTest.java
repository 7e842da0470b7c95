package tributary.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.StepBatch.LogitRows;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.format.DeltaTensor;

/** Deltas whose precision is chosen when they are loaded, and changed while they are served. */
class PrecisionTest {
  private static final int[] TOKENS = {1, 17, 300, 42};
  private static final int STEPS = 6;

  @TempDir Path directory;
  private Backend backend = Backends.open(BackendChoice.SCALAR, 1);

  @AfterEach
  void close() {
    backend.close();
  }

  private BaseModel open(BackendChoice choice) {
    backend.close();
    backend = Backends.open(choice, 2);
    return BaseModel.load(Golden.directory("llama"), backend);
  }

  private static SequencedMap<String, DeltaTensor> tensors(long seed) {
    try (Checkpoint checkpoint = Checkpoint.open(Golden.directory("llama"))) {
      return HandMadeDeltas.mixed(checkpoint, seed, 2);
    }
  }

  private Path write(BaseModel base, SequencedMap<String, DeltaTensor> tensors) {
    Path file = directory.resolve("tenant.delta");
    DeltaManifest manifest =
        new DeltaManifest("hand-made", new TreeMap<>(), base.fingerprint(), "tenant", 1000, 250);
    DeltaFile.write(file, manifest, tensors);
    return file;
  }

  /** The difference that a coarser encoder would have written. */
  private static Map<String, DeltaTensor> atWidth(Map<String, DeltaTensor> tensors, int width) {
    Map<String, DeltaTensor> narrow = new LinkedHashMap<>(tensors);
    narrow.replaceAll((_, tensor) ->
        tensor instanceof DeltaTensor.Coded(var code, var factors, var added)
            ? new DeltaTensor.Coded(code.atWidth(Math.min(width, code.widths())), factors, added)
            : tensor);
    return narrow;
  }

  /** Sequences that are continued greedily, one token a step; all share every step. */
  private static final class Greedy {
    private final ForwardPass pass;
    private final List<ResidentDelta> deltas;
    private final List<List<Integer>> tokens = new ArrayList<>();
    private int computed;

    Greedy(ForwardPass pass, ResidentDelta... deltas) {
      this.pass = pass;
      this.deltas = List.of(deltas);
      for (int i = 0; i < deltas.length; i++) {
        tokens.add(new ArrayList<>(Arrays.stream(TOKENS).boxed().toList()));
      }
    }

    /** The logits of the last position of each sequence. */
    List<float[]> step() {
      List<StepBatch.Slice> slices = new ArrayList<>();
      int length = tokens.getFirst().size();
      for (int i = 0; i < deltas.size(); i++) {
        int[] missing = tokens.get(i).subList(computed, length).stream().mapToInt(t -> t).toArray();
        slices.add(
            new StepBatch.Slice(deltas.get(i), missing, computed, new int[] {i}, LogitRows.LAST));
      }
      List<float[]> logits = new ArrayList<>();
      pass.run(new StepBatch(slices), (_, _, row) -> logits.add(row.clone()));
      computed = length;
      for (int i = 0; i < logits.size(); i++) {
        tokens.get(i).add(largest(logits.get(i)));
      }
      return logits;
    }

    private static int largest(float[] values) {
      int best = 0;
      for (int i = 1; i < values.length; i++) {
        best = values[i] > values[best] ? i : best;
      }
      return best;
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SCALAR", "VECTOR"})
  void every_width_serves_what_the_code_of_that_width_decodes_to(BackendChoice choice) {
    SequencedMap<String, DeltaTensor> tensors = tensors(3);
    try (BaseModel base = open(choice);
        ForwardPass pass = ForwardPass.create(base, 4, 32);
        ResidentDelta live = ResidentDelta.load(write(base, tensors), base)) {
      int widths = live.widths();
      assertThat(live.width()).isEqualTo(widths).isGreaterThan(2);
      List<float[]> first = new ArrayList<>();
      for (int width = widths; width > 0; width--) {
        live.setWidth(width);
        assertThat(live.width()).isEqualTo(width);
        try (ResidentDelta offline = ResidentDelta.of(atWidth(tensors, width), base);
            ResidentDelta capped =
                ResidentDelta.load(directory.resolve("tenant.delta"), base, width)) {
          assertThat(capped.widths()).isEqualTo(width);
          Greedy served = new Greedy(pass, live, capped);
          List<List<float[]>> logits = new ArrayList<>();
          for (int step = 0; step < STEPS; step++) {
            logits.add(served.step());
          }
          Greedy wanted = new Greedy(pass, offline);
          for (int step = 0; step < STEPS; step++) {
            float[] decoded = wanted.step().getFirst();
            assertThat(logits.get(step).getFirst()).isEqualTo(decoded);
            assertThat(logits.get(step).getLast()).isEqualTo(decoded);
          }
          assertThat(served.tokens.getFirst()).isEqualTo(wanted.tokens.getFirst());
          first.add(logits.getFirst().getFirst());
        }
      }
      assertThat(first.getFirst()).isNotEqualTo(first.getLast());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SCALAR", "VECTOR"})
  void changing_one_tenant_between_steps_leaves_the_others_bit_for_bit(BackendChoice choice) {
    SequencedMap<String, DeltaTensor> shared = tensors(5);
    try (BaseModel base = open(choice);
        ForwardPass pass = ForwardPass.create(base, 4, 32);
        ResidentDelta changing = ResidentDelta.of(shared, base);
        ResidentDelta twin = ResidentDelta.of(shared, base);
        ResidentDelta other = ResidentDelta.of(tensors(6), base)) {
      int[] widths = {9, 1, 2, 1, 9, 3};
      Greedy still = new Greedy(pass, ResidentDelta.none(), twin, other);
      List<List<float[]>> wanted = new ArrayList<>();
      for (int step = 0; step < STEPS; step++) {
        wanted.add(still.step());
      }
      Greedy beside = new Greedy(pass, ResidentDelta.none(), twin, other, changing);
      for (int step = 0; step < STEPS; step++) {
        changing.setWidth(widths[step]);
        List<float[]> found = beside.step();
        for (int tenant = 0; tenant < 3; tenant++) {
          assertThat(found.get(tenant)).isEqualTo(wanted.get(step).get(tenant));
        }
        if (step == 0) {
          assertThat(found.getLast()).isEqualTo(found.get(1));
        }
      }
      assertThat(beside.tokens.subList(0, 3)).isEqualTo(still.tokens);
      assertThat(beside.tokens.getLast()).isNotEqualTo(beside.tokens.get(1));
    }
  }

  @Test
  void a_narrow_load_takes_less_memory_and_no_width_is_below_one() {
    try (BaseModel base = open(BackendChoice.VECTOR)) {
      Path file = write(base, tensors(3));
      try (ResidentDelta whole = ResidentDelta.load(file, base);
          ResidentDelta narrow = ResidentDelta.load(file, base, 1)) {
        assertThat(narrow.widths()).isOne();
        assertThat(narrow.size()).isLessThan(whole.size());
        assertThatThrownBy(() -> whole.setWidth(0)).hasMessageContaining("width 0");
      }
      assertThatThrownBy(() -> ResidentDelta.load(file, base, 0)).hasMessageContaining("width 0");
      ResidentDelta.none().setWidth(3);
      assertThat(ResidentDelta.none().width()).isEqualTo(ResidentDelta.none().widths()).isOne();
    }
  }
}
