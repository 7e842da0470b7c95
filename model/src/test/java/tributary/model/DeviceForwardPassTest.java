package tributary.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.gpu.program.Draw;
import tributary.model.StepBatch.LogitRows;
import tributary.model.generate.Verification;
import tributary.model.sampling.Candidates;
import tributary.protocol.TributaryException;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.format.DeltaTensor;

/** Models on a device; skipped, by name, where there is none. */
class DeviceForwardPassTest {
  /** Of the largest logit of a row: activations are rounded to bf16 some 20 times a layer. */
  private static final float TOLERANCE = 0.04f;

  private static final int PAGE_TOKENS = 16;
  private static final int PAGES = 16;

  private static Backend device() {
    try {
      return Backends.open(BackendChoice.CUDA, 1);
    } catch (TributaryException off) {
      return Assumptions.abort(off.text());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-tied-rope3", "llama-finetune"})
  void greedy_tokens_are_those_of_transformers(String name) {
    try (Backend device = device()) {
      Verification.Result result = Verification.run(Golden.directory(name), device);

      assertThat(result.greedyMatches()).isTrue();
      assertThat(result.maxAbsError()).isLessThan(Verification.ROUNDED_ERROR_MAX);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-tied-rope3"})
  void tenants_of_every_code_compute_what_they_compute_on_the_cpu(String name) {
    for (int addedRows : new int[] {0, 7}) {
      Map<String, DeltaTensor> signs;
      Map<String, DeltaTensor> mixed;
      try (Checkpoint base = Checkpoint.open(Golden.directory(name));
          Backend device = device();
          Backend scalar = Backends.open(BackendChoice.SCALAR, 1)) {
        signs = HandMadeDeltas.random(base, 5, 2, addedRows);
        mixed = HandMadeDeltas.mixed(base, 6, addedRows);
        List<float[]> wanted = logits(name, scalar, List.of(signs, mixed));
        List<float[]> found = logits(name, device, List.of(signs, mixed));

        assertThat(found).hasSameSizeAs(wanted);
        for (int row = 0; row < wanted.size(); row++) {
          assertClose(found.get(row), wanted.get(row), "row " + row);
        }
      }
    }
  }

  @Test
  void a_delta_in_pinned_memory_computes_what_it_does_in_any(@TempDir Path directory) {
    Path path = directory.resolve("mixed.delta.safetensors");
    try (Backend device = device();
        BaseModel base = BaseModel.load(Golden.directory("llama"), device);
        ForwardPass pass = ForwardPass.create(base, PAGES, PAGE_TOKENS)) {
      try (Checkpoint checkpoint = Checkpoint.open(Golden.directory("llama"))) {
        var manifest = DeltaManifest.sizedAs(base.tensors(), "mixed", new TreeMap<>(), "llama");
        DeltaFile.write(path, manifest, new TreeMap<>(HandMadeDeltas.mixed(checkpoint, 6, 7)));
      }
      try (OpenDelta delta = OpenDelta.open(path, base)) {
        int width = Integer.MAX_VALUE;
        delta.read(width);
        delta.verify(width);
        List<float[]> wanted = logits(pass, delta, width);
        delta.pin();
        List<float[]> found = logits(pass, delta, width);
        delta.unpin();

        assertThat(found).hasSameSizeAs(wanted);
        for (int row = 0; row < wanted.size(); row++) {
          assertThat(found.get(row)).describedAs("row %d", row).containsExactly(wanted.get(row));
        }
      }
    }
  }

  private static List<float[]> logits(ForwardPass pass, OpenDelta delta, int width) {
    try (ResidentDelta loaded = delta.load(width)) {
      return logits(pass, List.of(loaded));
    }
  }

  @Test
  void draws_give_the_tokens_that_they_give_of_the_same_logits_on_the_host() {
    Candidates host = new Candidates();
    SplittableRandom random = new SplittableRandom(3);
    try (Backend device = device();
        BaseModel base = BaseModel.load(Golden.directory("llama"), device);
        ForwardPass pass = ForwardPass.create(base, PAGES, PAGE_TOKENS)) {
      for (int round = 0; round < 50; round++) {
        List<StepBatch.Slice> drawn = new ArrayList<>();
        List<StepBatch.Slice> told = new ArrayList<>();
        for (int i = 0; i < PAGES; i++) {
          int[] token = {random.nextInt(300)};
          Draw draw =
              new Draw(
                  i == 5 ? 0 : 0.1 + random.nextDouble(1.9),
                  random.nextInt(2) * random.nextInt(1, 50),
                  i % 2 == 0 ? 1 : 0.5 + random.nextDouble(0.5),
                  i % 3 == 0 ? 0.05 : 0,
                  random.nextDouble());
          ResidentDelta none = ResidentDelta.none();
          int[] page = {i};
          drawn.add(new StepBatch.Slice(none, token, 0, page, LogitRows.CHOICE, draw));
          told.add(new StepBatch.Slice(none, token, 0, page, LogitRows.LAST));
        }
        int[] wanted = new int[PAGES];
        pass.run(
            new StepBatch(told),
            (slice, _, logits) -> wanted[slice] = host.choice(logits, drawn.get(slice).draw()));

        assertThat(choices(pass, drawn)).containsExactly(wanted);
      }
    }
  }

  private static int[] choices(ForwardPass pass, List<StepBatch.Slice> slices) {
    int[] choices = new int[slices.size()];
    pass.run(
        new StepBatch(slices),
        new ForwardPass.LogitsSink() {
          @Override
          public void accept(int slice, int row, float[] logits) {
            throw new AssertionError("only choices are wanted");
          }

          @Override
          public void chosen(int slice, int row, int token) {
            choices[slice] = token;
          }
        });
    return choices;
  }

  private static void assertClose(float[] found, float[] wanted, String what) {
    assertThat(found).hasSameSizeAs(wanted);
    float largest = 0;
    for (float value : wanted) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < wanted.length; i++) {
      assertThat(Math.abs(found[i] - wanted[i]))
          .describedAs("%s token %d: found %s, wanted %s", what, i, found[i], wanted[i])
          .isLessThan(TOLERANCE * largest);
    }
  }

  /** All logits of the base and of each tenant, in one batch: a prompt, then single tokens. */
  private static List<float[]> logits(
      String name, Backend backend, List<Map<String, DeltaTensor>> tenants) {
    List<ResidentDelta> deltas = new ArrayList<>(List.of(ResidentDelta.none()));
    try (BaseModel base = BaseModel.load(Golden.directory(name), backend);
        ForwardPass pass = ForwardPass.create(base, PAGES, PAGE_TOKENS)) {
      tenants.forEach(tensors -> deltas.add(ResidentDelta.of(tensors, base)));
      List<float[]> all = logits(pass, deltas);
      deltas.forEach(ResidentDelta::close);
      return all;
    }
  }

  private static List<float[]> logits(ForwardPass pass, List<ResidentDelta> deltas) {
    Map<List<Integer>, float[]> logits =
        new TreeMap<>((a, b) -> a.get(0) * 100 + a.get(1) - b.get(0) * 100 - b.get(1));
    int[] prompt = {1, 17, 300, 42, 17, 5, 6, 9, 200, 33, 18};
    int[] next = {7, 80, 12};
    run(pass, deltas, prompt, 0, logits);
    for (int i = 0; i < next.length; i++) {
      run(pass, deltas, new int[] {next[i]}, prompt.length + i, logits);
    }
    return List.copyOf(logits.values());
  }

  private static void run(
      ForwardPass pass,
      List<ResidentDelta> deltas,
      int[] tokens,
      int position,
      Map<List<Integer>, float[]> logits) {
    List<StepBatch.Slice> slices = new ArrayList<>();
    for (int i = 0; i < deltas.size(); i++) {
      slices.add(
          new StepBatch.Slice(deltas.get(i), tokens, position, new int[] {i}, LogitRows.ALL));
    }
    pass.run(
        new StepBatch(slices),
        (slice, row, values) -> logits.put(List.of(slice, position + row), values.clone()));
  }
}
