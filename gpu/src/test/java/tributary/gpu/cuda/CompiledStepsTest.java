package tributary.gpu.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.gpu.RowRun;
import tributary.gpu.SequenceRows;
import tributary.gpu.cuda.TinyDecoder.Extent;
import tributary.gpu.cuda.TinyDecoder.Tenant;
import tributary.gpu.program.CompiledModel;
import tributary.gpu.program.CompiledSteps;
import tributary.gpu.program.CompiledSteps.Wanted;
import tributary.gpu.program.CompiledTenant;
import tributary.gpu.program.StepCompiler;
import tributary.gpu.program.TenantOperands;

/** Steps on a device against the scalar kernels, over awkward extents and mixed batches. */
class CompiledStepsTest {
  /** Sums in another order, exponentials of another kind, and what bf16 makes of the difference. */
  private static final double TOLERANCE = 0.03;

  /**
   * Of a prompt's rows on average, and of any: among hundreds of rows there are some whose
   * attention makes ten times as much of a rounding as the others' does.
   */
  private static final double PROMPT_MEAN_TOLERANCE = 0.015;

  private static final double PROMPT_ROW_TOLERANCE = 0.1;

  private static final int PAGES = 256;

  /** A case: what is computed, and how its cache is cut. */
  record Case(Extent extent, boolean biased, int pageTokens, long seed) {}

  static Stream<Case> cases() {
    return Stream.of(
        new Case(new Extent(96, 64, 1, 1, 64), false, 16, 1),
        new Case(new Extent(8192, 1024, 6, 2, 64), false, 16, 2),
        new Case(new Extent(131, 72, 4, 4, 128), false, 16, 3),
        new Case(new Extent(37, 88, 3, 1, 40), false, 5, 4),
        new Case(new Extent(331, 136, 8, 2, 16), true, 16, 5),
        new Case(new Extent(64, 200, 8, 1, 64), true, 4, 6),
        new Case(new Extent(257, 9000, 2, 2, 64), false, 16, 7),
        new Case(new Extent(80, 8192, 2, 1, 64), false, 16, 8));
  }

  /** One sequence of a batch. */
  private record Work(int tenant, int[] tokens, int[] pages) {}

  @ParameterizedTest
  @MethodSource("cases")
  void mixed_batches_agree_with_the_scalar_kernels(Case c) {
    try (Backend device = Devices.open();
        Backend scalar = Backends.open(BackendChoice.SCALAR, 1)) {
      Bench bench = new Bench(device, c);
      List<Work> works = bench.works(new int[] {1, 2, 7, 31, 1, 33, 5});
      List<List<float[]>> wanted = bench.scalar(scalar, works);
      Map<Integer, float[]> found = bench.logits(works);
      int row = 0;
      for (int i = 0; i < works.size(); i++) {
        for (float[] expected : wanted.get(i)) {
          assertClose(found.get(row++), expected, c + " sequence " + i);
        }
      }
      bench.close();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void a_row_does_not_depend_on_its_batch_nor_on_chunks(Case c) {
    try (Backend device = Devices.open()) {
      Bench bench = new Bench(device, c);
      List<Work> works = bench.works(new int[] {3, 40, 1, 9});
      Map<Integer, float[]> together = bench.logits(works);
      int row = 0;
      for (Work work : works) {
        List<float[]> alone = bench.oneByOne(work);
        for (float[] expected : alone) {
          assertThat(found(together, row++)).containsExactly(expected);
        }
      }
      bench.close();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void the_choice_is_the_largest_logit(Case c) {
    try (Backend device = Devices.open()) {
      Bench bench = new Bench(device, c);
      List<Work> works = bench.works(new int[] {2, 6, 17});
      Map<Integer, float[]> logits = bench.logits(works);
      Map<Integer, Integer> choices = bench.choices(works);
      choices.forEach((row, token) -> {
        float[] values = found(logits, row);
        float largest = values[0];
        for (float value : values) {
          largest = Math.max(largest, value);
        }
        assertThat(values[token]).isEqualTo(largest);
      });
      assertThat(choices).hasSize(25);
      bench.close();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void long_prompts_of_many_tenants_agree_with_the_host(Case c) {
    try (Backend device = Devices.open();
        Backend host = Backends.open(BackendChoice.VECTOR, 4)) {
      Bench bench = new Bench(device, c);
      List<Work> works = bench.works(new int[] {130, 17, 128, 150, 1, 131, 129});
      List<List<float[]>> wanted = bench.scalar(host, works);
      Map<Integer, float[]> found = bench.logits(works);
      int row = 0;
      for (int i = 0; i < works.size(); i++) {
        String what = c + " sequence " + i;
        double sum = 0;
        for (float[] expected : wanted.get(i)) {
          double distance = distance(found.get(row++), expected, what);
          assertThat(distance).describedAs(what + " row " + row).isLessThan(PROMPT_ROW_TOLERANCE);
          sum += distance;
        }
        assertThat(sum / wanted.get(i).size()).describedAs(what).isLessThan(PROMPT_MEAN_TOLERANCE);
      }
      bench.close();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void a_long_prompt_does_not_depend_on_its_batch(Case c) {
    try (Backend device = Devices.open()) {
      Bench bench = new Bench(device, c);
      List<Work> works = bench.works(new int[] {140, 3, 300, 1, 129});
      Map<Integer, float[]> together = bench.logits(works);
      int first = 0;
      for (Work work : works) {
        Map<Integer, float[]> alone = bench.logits(List.of(work));
        for (int row = 0; row < work.tokens.length; row++) {
          assertThat(found(together, first + row)).containsExactly(found(alone, row));
        }
        first += work.tokens.length;
      }
      bench.close();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void what_follows_a_prompt_is_the_same_whichever_way_it_ran(Case c) {
    try (Backend device = Devices.open()) {
      Bench bench = new Bench(device, c);
      for (Work work : bench.works(new int[] {140, 131, 200})) {
        int last = work.tokens.length - 1;
        float[] next = bench.after(work, PromptSteps.STRETCH_MIN, last);
        assertClose(next, bench.after(work, 30, last), c + " tenant " + work.tenant);
      }
      bench.close();
    }
  }

  @Test
  void as_many_tenants_as_rows_share_a_launch() {
    try (Backend device = Devices.open()) {
      Case c = new Case(new Extent(64, 64, 1, 1, 64), false, 16, 9);
      Bench bench = new Bench(device, c, Collections.nCopies(31, Tenants.SIGNS));
      int[] lengths = new int[32];
      Arrays.fill(lengths, 1);
      List<Work> works = bench.works(lengths);
      Map<Integer, float[]> together = bench.logits(works);
      for (int i = 0; i < works.size(); i++) {
        assertThat(found(together, i)).containsExactly(bench.oneByOne(works.get(i)).getFirst());
      }
      bench.close();
    }
  }

  @Test
  void a_restarted_device_computes_the_same_bits() {
    try (Backend device = Devices.open()) {
      Case c = new Case(new Extent(96, 64, 2, 1, 64), false, 16, 10);
      Bench bench = new Bench(device, c);
      List<Work> works = bench.works(new int[] {3, 5, 2});
      Map<Integer, float[]> before = bench.logits(works);
      bench.model.restart();
      Map<Integer, float[]> after = bench.logits(works);
      before.forEach((row, logits) -> assertThat(found(after, row)).containsExactly(logits));
      bench.close();
    }
  }

  private static float[] found(Map<Integer, float[]> logits, int row) {
    float[] found = logits.get(row);
    if (found == null) {
      throw new AssertionError("no logits of row " + row);
    }
    return found;
  }

  private static void assertClose(float @Nullable [] found, float[] wanted, String what) {
    assertThat(distance(found, wanted, what)).describedAs(what).isLessThan(TOLERANCE);
  }

  /**
   * The largest difference as a share of the largest logit, of what a variant has; the device may
   * say minus infinity of more.
   */
  private static double distance(float @Nullable [] found, float[] wanted, String what) {
    assertThat(found).describedAs(what).isNotNull();
    double largest = 0;
    double distance = 0;
    for (int i = 0; i < wanted.length; i++) {
      if (Float.isInfinite(wanted[i])) {
        assertThat(found[i]).describedAs(what + " logit " + i).isEqualTo(wanted[i]);
      } else {
        assertThat(found[i]).describedAs(what + " logit " + i).isFinite();
        largest = Math.max(largest, Math.abs(wanted[i]));
        distance = Math.max(distance, Math.abs(found[i] - wanted[i]));
      }
    }
    return distance / largest;
  }

  /** A decoder on the device with tenants of every kind. */
  private static final class Bench implements AutoCloseable {
    private final TinyDecoder decoder;
    private final Case shape;
    private final List<Tenant> tenants = new ArrayList<>();
    private final List<CompiledTenant> compiled = new ArrayList<>();
    private final CompiledModel model;
    private final CompiledSteps steps;
    private final SplittableRandom random;

    Bench(Backend device, Case c) {
      this(device, c, List.of(Tenants.values()));
    }

    Bench(Backend device, Case c, List<Tenants> kinds) {
      shape = c;
      decoder = new TinyDecoder(c.extent, c.biased, c.seed);
      random = new SplittableRandom(c.seed);
      StepCompiler compiler = device.compiler().orElseThrow();
      model =
          compiler.compile(decoder.program(), decoder.base(device), decoder.cache(c.pageTokens, 1));
      for (Tenants kind : kinds) {
        Tenant tenant = kind.of(decoder, c.seed + tenants.size());
        tenants.add(tenant);
        compiled.add(model.tenant(tenant.operands(device)));
      }
      steps = model.steps(decoder.cache(c.pageTokens, PAGES));
    }

    /** Sequences of these lengths, tenants in turn; the first is the base's. */
    List<Work> works(int[] lengths) {
      List<Work> works = new ArrayList<>();
      List<Integer> free = new ArrayList<>(IntStream.range(0, PAGES).boxed().toList());
      for (int i = 0; i < lengths.length; i++) {
        int[] tokens = random.ints(lengths[i], 0, shape.extent.vocabulary()).toArray();
        int[] pages = new int[Math.ceilDiv(lengths[i], shape.pageTokens)];
        for (int p = 0; p < pages.length; p++) {
          int index = random.nextInt(free.size());
          pages[p] = free.get(index);
          free.subList(index, index + 1).clear();
        }
        works.add(new Work(i % (tenants.size() + 1) - 1, tokens, pages));
      }
      return works;
    }

    Map<Integer, float[]> logits(List<Work> works) {
      Map<Integer, float[]> found = new HashMap<>();
      steps.run(rows(works, 0, Wanted.LOGITS), new Collected(found, new HashMap<>()));
      return found;
    }

    Map<Integer, Integer> choices(List<Work> works) {
      Map<Integer, Integer> found = new HashMap<>();
      steps.run(rows(works, 0, Wanted.CHOICE), new Collected(new HashMap<>(), found));
      return found;
    }

    /** Every token in a step of its own. */
    List<float[]> oneByOne(Work work) {
      List<float[]> all = new ArrayList<>();
      for (int i = 0; i < work.tokens.length; i++) {
        Map<Integer, float[]> found = new HashMap<>();
        Work one = new Work(work.tenant, new int[] {work.tokens[i]}, work.pages);
        steps.run(rows(List.of(one), i, Wanted.LOGITS), new Collected(found, new HashMap<>()));
        all.add(found(found, 0));
      }
      return all;
    }

    /** Logits of the last token, those before it computed in stretches of so many. */
    float[] after(Work work, int stretch, int last) {
      for (int first = 0; first < last; first += stretch) {
        int end = Math.min(first + stretch, last);
        Work part = new Work(work.tenant, Arrays.copyOfRange(work.tokens, first, end), work.pages);
        steps.run(
            rows(List.of(part), first, Wanted.NOTHING),
            new Collected(new HashMap<>(), new HashMap<>()));
      }
      Work end = new Work(work.tenant, new int[] {work.tokens[last]}, work.pages);
      Map<Integer, float[]> found = new HashMap<>();
      steps.run(rows(List.of(end), last, Wanted.LOGITS), new Collected(found, new HashMap<>()));
      return found(found, 0);
    }

    private CompiledSteps.Rows rows(List<Work> works, int firstPosition, Wanted wanted) {
      List<RowRun<CompiledTenant>> runs = new ArrayList<>();
      List<SequenceRows> sequences = new ArrayList<>();
      List<Integer> tokens = new ArrayList<>();
      for (Work work : works) {
        int first = tokens.size();
        Arrays.stream(work.tokens).forEach(tokens::add);
        sequences.add(new SequenceRows(first, work.tokens.length, firstPosition, work.pages));
        if (work.tenant >= 0) {
          runs.add(new RowRun<>(first, work.tokens.length, compiled.get(work.tenant)));
        }
      }
      return new CompiledSteps.Rows(
          tokens.stream().mapToInt(Integer::intValue).toArray(),
          runs,
          sequences,
          tokens.stream().map(_ -> wanted).toList());
    }

    /** Each sequence by itself on another backend, with the weights that the device has for it. */
    List<List<float[]>> scalar(Backend scalar, List<Work> works) {
      var base = decoder.base(scalar);
      List<List<float[]>> all = new ArrayList<>();
      for (Work work : works) {
        ScalarSteps reference =
            new ScalarSteps(
                scalar,
                decoder.program(),
                base,
                scalar.kvCache(decoder.cache(shape.pageTokens, PAGES)));
        List<RowRun<TenantOperands>> runs =
            work.tenant < 0
                ? List.of()
                : List.of(new RowRun<>(0, work.tokens.length, tenant(work).operands(scalar)));
        all.add(
            reference.run(
                new ScalarSteps.Rows(
                    work.tokens,
                    runs,
                    List.of(new SequenceRows(0, work.tokens.length, 0, work.pages)))));
      }
      return all;
    }

    private Tenant tenant(Work work) {
      Tenant tenant = tenants.get(work.tenant);
      return work.tokens.length < PromptSteps.STRETCH_MIN ? tenant : decoder.writtenOut(tenant);
    }

    @Override
    public void close() {
      steps.close();
      compiled.forEach(CompiledTenant::close);
      model.close();
    }
  }

  private record Collected(Map<Integer, float[]> logits, Map<Integer, Integer> choices)
      implements CompiledSteps.Results {
    @Override
    public void chosen(int row, int token) {
      choices.put(row, token);
    }

    @Override
    public void logits(int row, float[] values) {
      logits.put(row, values.clone());
    }
  }
}
