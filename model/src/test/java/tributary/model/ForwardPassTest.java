package tributary.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.StepBatch.LogitRows;
import tributary.protocol.TributaryException;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.format.DeltaTensor;

class ForwardPassTest {
  private static final int PAGE_TOKENS = 4;
  private static final int PAGES = 64;
  private static final List<BackendChoice> CHOICES =
      List.of(BackendChoice.SCALAR, BackendChoice.VECTOR);

  /** A sequence of one tenant, and the logits of each of its tokens. */
  private record Work(ResidentDelta delta, int[] tokens, int[] pages, List<float[]> logits) {}

  static Stream<Arguments> backends() {
    return CHOICES.stream()
        .flatMap(choice -> Stream.of(1L, 2L, 3L).map(seed -> Arguments.of(choice, seed)));
  }

  /**
   * Sequences of several tenants and of the base, some of them further on than others, in any order
   * and in chunks of any size: each gets the bits that it gets alone and whole.
   */
  @ParameterizedTest(name = "{0}, seed {1}")
  @MethodSource("backends")
  void a_row_never_depends_on_the_batch_or_on_chunks(BackendChoice choice, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (String name : List.of("llama", "llama-tied-rope3")) {
      try (Backend backend = Backends.open(choice, 2);
          BaseModel base = BaseModel.load(Golden.directory(name), backend);
          ForwardPass pass = ForwardPass.create(base, PAGES, PAGE_TOKENS)) {
        List<ResidentDelta> variants = variants(base, name, seed);
        List<Work> alone = works(random.split(), variants, base);
        List<Work> together =
            alone.stream()
                .map(work -> new Work(work.delta, work.tokens, work.pages, new ArrayList<>()))
                .toList();
        alone.forEach(work -> computeWhole(pass, work));
        computeInRandomSteps(pass, together, new Random(seed));

        for (int i = 0; i < alone.size(); i++) {
          assertThat(together.get(i).logits).hasSameSizeAs(alone.get(i).logits);
          for (int row = 0; row < alone.get(i).logits.size(); row++) {
            assertThat(together.get(i).logits.get(row)).isEqualTo(alone.get(i).logits.get(row));
          }
        }
        variants.forEach(ResidentDelta::close);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SCALAR", "VECTOR"})
  void a_delta_computes_what_the_merged_model_computes(BackendChoice choice, @TempDir Path merged)
      throws Exception {
    for (String name : List.of("llama", "llama-tied-rope3")) {
      for (int addedRows : new int[] {0, 7}) {
        Map<String, DeltaTensor> tensors = mixed(name, 11 + addedRows, addedRows);
        HandMadeDeltas.merge(Golden.directory(name), tensors, merged);
        int[] tokens = {1, 17, 300, 42, 17, 5, addedRows == 0 ? 6 : 326};
        try (Backend backend = Backends.open(choice, 2);
            BaseModel base = BaseModel.load(Golden.directory(name), backend);
            BaseModel dense = BaseModel.load(merged, backend);
            ForwardPass overBase = ForwardPass.create(base, PAGES, PAGE_TOKENS);
            ForwardPass overDense = ForwardPass.create(dense, PAGES, PAGE_TOKENS);
            ResidentDelta delta = ResidentDelta.of(tensors, base)) {
          Work found = new Work(delta, tokens, pages(0, 2), new ArrayList<>());
          Work wanted = new Work(ResidentDelta.none(), tokens, pages(0, 2), new ArrayList<>());
          computeWhole(overBase, found);
          computeWhole(overDense, wanted);

          assertThat(delta.vocabularySize()).isEqualTo(dense.config().vocabularySize());
          for (int row = 0; row < tokens.length; row++) {
            assertThat(found.logits.get(row))
                .containsExactly(wanted.logits.get(row), within(1e-4f));
          }
        }
      }
    }
  }

  @Test
  void wanted_logits_come_in_the_batchs_order() {
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1);
        BaseModel base = BaseModel.load(Golden.directory("llama"), backend);
        ResidentDelta delta = ResidentDelta.of(tensors("llama", 3, 1, 2), base);
        ForwardPass pass = ForwardPass.create(base, PAGES, PAGE_TOKENS)) {
      int[] tokens = {1, 2, 3};
      List<List<Integer>> heard = new ArrayList<>();
      pass.run(
          new StepBatch(
              List.of(
                  new StepBatch.Slice(delta, tokens, 0, pages(0, 1), LogitRows.ALL),
                  new StepBatch.Slice(ResidentDelta.none(), tokens, 0, pages(1, 1), LogitRows.NONE),
                  new StepBatch.Slice(ResidentDelta.none(), tokens, 0, pages(2, 1), LogitRows.LAST),
                  new StepBatch.Slice(delta, tokens, 0, pages(3, 1), LogitRows.LAST))),
          (slice, row, logits) -> heard.add(List.of(slice, row, logits.length)));

      assertThat(heard)
          .containsExactly(
              List.of(0, 0, 322),
              List.of(0, 1, 322),
              List.of(0, 2, 322),
              List.of(2, 2, 320),
              List.of(3, 2, 322));
      pass.run(new StepBatch(List.of()), (_, _, _) -> heard.add(List.of()));
      assertThat(heard).hasSize(5);
    }
  }

  /** Whatever the batch, and whoever's head: the logits are the state's products with it. */
  @ParameterizedTest
  @EnumSource(names = {"SCALAR", "VECTOR"})
  void a_state_is_what_the_head_makes_logits_of(BackendChoice choice) {
    Map<String, DeltaTensor> tensors = mixed("llama", 5, 0);
    try (Backend backend = Backends.open(choice, 1);
        BaseModel base = BaseModel.load(Golden.directory("llama"), backend);
        ResidentDelta delta = ResidentDelta.of(tensors, base);
        ForwardPass pass = ForwardPass.create(base, PAGES, PAGE_TOKENS)) {
      int[] tokens = {1, 17, 300, 42};
      Map<Integer, float[]> logits = new HashMap<>();
      Map<Integer, float[]> states = new HashMap<>();
      pass.run(
          new StepBatch(
              List.of(
                  new StepBatch.Slice(delta, tokens, 0, pages(0, 1), LogitRows.STATE),
                  new StepBatch.Slice(ResidentDelta.none(), tokens, 0, pages(1, 1), LogitRows.LAST),
                  new StepBatch.Slice(
                      ResidentDelta.none(), tokens, 0, pages(2, 1), LogitRows.STATE),
                  new StepBatch.Slice(delta, tokens, 0, pages(3, 1), LogitRows.LAST))),
          new ForwardPass.LogitsSink() {
            @Override
            public void accept(int slice, int row, float[] values) {
              logits.put(slice, values.clone());
            }

            @Override
            public void state(int slice, int row, float[] state) {
              assertThat(row).isEqualTo(tokens.length - 1);
              states.put(slice, state);
            }
          });

      assertThat(logits).containsOnlyKeys(1, 3);
      assertThat(states).containsOnlyKeys(0, 2);
      assertThat(states.get(0)).isNotEqualTo(states.get(2));
      float[] head = headOf("llama");
      assertThat(product(head, Objects.requireNonNull(states.get(2))))
          .containsExactly(logits.get(1), within(1e-4f));
      assertThat(product(head, Objects.requireNonNull(states.get(0)))).isNotEqualTo(logits.get(3));
    }
  }

  private static float[] headOf(String name) {
    try (Checkpoint checkpoint = Checkpoint.open(Golden.directory(name))) {
      return checkpoint.tensor("lm_head.weight").toFloats();
    }
  }

  private static float[] product(float[] matrix, float[] vector) {
    float[] out = new float[matrix.length / vector.length];
    for (int row = 0; row < out.length; row++) {
      double sum = 0;
      for (int column = 0; column < vector.length; column++) {
        sum += (double) matrix[row * vector.length + column] * vector[column];
      }
      out[row] = (float) sum;
    }
    return out;
  }

  @Test
  void what_cannot_be_computed_is_refused() {
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1);
        BaseModel base = BaseModel.load(Golden.directory("llama"), backend);
        BaseModel other = BaseModel.load(Golden.directory("llama-finetune"), backend);
        ResidentDelta foreign = ResidentDelta.of(tensors("llama", 3, 1, 0), other);
        ForwardPass pass = ForwardPass.create(base, PAGES, PAGE_TOKENS)) {
      ResidentDelta none = ResidentDelta.none();
      assertThatThrownBy(() -> run(pass, none, new int[] {320}, 0, pages(0, 1)))
          .isInstanceOf(TributaryException.class)
          .hasMessageContaining("token id 320");
      assertThatThrownBy(() -> run(pass, none, new int[] {-1}, 0, pages(0, 1)))
          .isInstanceOf(TributaryException.class);
      assertThatThrownBy(() -> run(pass, none, new int[5], 0, pages(0, 1)))
          .hasMessageContaining("cover 4 positions");
      assertThatThrownBy(() -> run(pass, none, new int[1], 4, pages(0, 1)))
          .hasMessageContaining("cover 4 positions");
      assertThatThrownBy(() -> run(pass, none, new int[1], -1, pages(0, 1)))
          .hasMessageContaining("firstPosition=-1");
      assertThatThrownBy(() -> run(pass, none, new int[0], 0, pages(0, 1)))
          .hasMessageContaining("tokens=0");
      assertThatThrownBy(() -> run(pass, none, new int[1], 0, new int[] {PAGES}))
          .hasMessageContaining("page 64");
      assertThatThrownBy(() -> run(pass, foreign, new int[1], 0, pages(0, 1)))
          .hasMessageContaining("another base");
    }
  }

  private static void run(
      ForwardPass pass, ResidentDelta delta, int[] tokens, int firstPosition, int[] pages) {
    pass.run(
        new StepBatch(
            List.of(new StepBatch.Slice(delta, tokens, firstPosition, pages, LogitRows.ALL))),
        (_, _, _) -> {});
  }

  private static Map<String, DeltaTensor> tensors(
      String name, long seed, int planes, int addedRows) {
    try (Checkpoint checkpoint = Checkpoint.open(Golden.directory(name))) {
      return HandMadeDeltas.random(checkpoint, seed, planes, addedRows);
    }
  }

  private static Map<String, DeltaTensor> mixed(String name, long seed, int addedRows) {
    try (Checkpoint checkpoint = Checkpoint.open(Golden.directory(name))) {
      return HandMadeDeltas.mixed(checkpoint, seed, addedRows);
    }
  }

  /** The base, deltas of everything with and without further rows, and one of a single norm. */
  private static List<ResidentDelta> variants(BaseModel base, String name, long seed) {
    Map<String, DeltaTensor> whole = tensors(name, seed, 1, 0);
    String norm = "model.layers.1.input_layernorm.weight";
    return List.of(
        ResidentDelta.none(),
        ResidentDelta.of(whole, base),
        ResidentDelta.of(tensors(name, seed + 1, 2, 5), base),
        ResidentDelta.of(mixed(name, seed + 2, 3), base),
        ResidentDelta.of(Map.of(norm, whole.get(norm)), base));
  }

  private static List<Work> works(
      SplittableRandom random, List<ResidentDelta> variants, BaseModel base) {
    List<Integer> freePages = new ArrayList<>();
    for (int page = 0; page < PAGES; page++) {
      freePages.add(page);
    }
    Collections.shuffle(freePages, new Random(random.nextLong()));
    List<Work> works = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      int length = 1 + random.nextInt(17);
      int[] tokens = random.ints(length, 0, base.config().vocabularySize()).toArray();
      int[] pages = new int[Math.ceilDiv(length, PAGE_TOKENS)];
      Arrays.setAll(pages, _ -> freePages.removeLast());
      works.add(new Work(variants.get(i % variants.size()), tokens, pages, new ArrayList<>()));
    }
    return works;
  }

  private static void computeWhole(ForwardPass pass, Work work) {
    pass.run(
        new StepBatch(
            List.of(new StepBatch.Slice(work.delta, work.tokens, 0, work.pages, LogitRows.ALL))),
        (_, _, logits) -> work.logits.add(logits.clone()));
  }

  /** Steps of random slices of random sequences, in random order, until all are computed. */
  private static void computeInRandomSteps(ForwardPass pass, List<Work> works, Random random) {
    IdentityHashMap<Work, Integer> computed = new IdentityHashMap<>();
    while (works.stream().anyMatch(work -> computed.getOrDefault(work, 0) < work.tokens.length)) {
      List<Work> chosen = new ArrayList<>();
      List<StepBatch.Slice> slices = new ArrayList<>();
      List<Work> shuffled = new ArrayList<>(works);
      Collections.shuffle(shuffled, random);
      for (Work work : shuffled) {
        int first = computed.getOrDefault(work, 0);
        int count = Math.min(work.tokens.length - first, random.nextInt(6));
        if (count > 0) {
          int[] tokens = Arrays.copyOfRange(work.tokens, first, first + count);
          slices.add(new StepBatch.Slice(work.delta, tokens, first, work.pages, LogitRows.ALL));
          chosen.add(work);
          computed.put(work, first + count);
        }
      }
      pass.run(
          new StepBatch(slices),
          (slice, _, logits) -> chosen.get(slice).logits.add(logits.clone()));
    }
  }

  private static int[] pages(int first, int count) {
    int[] pages = new int[count];
    Arrays.setAll(pages, page -> first + page);
    return pages;
  }
}
