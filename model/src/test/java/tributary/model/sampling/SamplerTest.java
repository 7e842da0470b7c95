package tributary.model.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.gpu.program.Draw;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.TokenLogprob;
import tributary.protocol.TributaryException;

class SamplerTest {
  private static final StopRule NO_STOP = new StopRule(1000, 0, Set.of());
  private static final int[] PROMPT = {0};

  private final Sampler sampler = new Sampler();

  /** Settings of a draw; each test names only what matters to it. */
  private record Settings(
      double temperature,
      int topK,
      double topP,
      double minP,
      double repetition,
      double presence,
      double frequency,
      Map<Integer, Double> bias,
      int logprobs) {
    static final Settings PLAIN = new Settings(1, 0, 1, 0, 1, 0, 0, Map.of(), Sampling.NO_LOGPROBS);

    Settings temperature(double value) {
      return new Settings(value, topK, topP, minP, repetition, presence, frequency, bias, logprobs);
    }

    Settings filters(int k, double p, double min) {
      return new Settings(temperature, k, p, min, repetition, presence, frequency, bias, logprobs);
    }

    Settings penalties(double repeated, double present, double frequent) {
      return new Settings(
          temperature, topK, topP, minP, repeated, present, frequent, bias, logprobs);
    }

    Settings bias(Map<Integer, Double> value) {
      return new Settings(
          temperature, topK, topP, minP, repetition, presence, frequency, value, logprobs);
    }

    Settings logprobs(int count) {
      return new Settings(
          temperature, topK, topP, minP, repetition, presence, frequency, bias, count);
    }

    Sampling seeded(long seed) {
      return new Sampling(
          temperature, topK, topP, minP, seed, repetition, presence, frequency, bias, logprobs);
    }
  }

  private Sampler.Drawn draw(Settings settings, long seed, float... logits) {
    return sampler.draw(logits.clone(), PROMPT, 1, 1, settings.seeded(seed), NO_STOP);
  }

  /** How often each token is drawn over many seeds. */
  private double[] shares(Settings settings, float... logits) {
    int draws = 20_000;
    double[] shares = new double[logits.length];
    for (int seed = 0; seed < draws; seed++) {
      shares[draw(settings, seed, logits).token()] += 1.0 / draws;
    }
    return shares;
  }

  @Test
  void greedy_takes_the_lowest_id_among_the_largest() {
    Settings greedy = Settings.PLAIN.temperature(0);
    assertThat(draw(greedy, 1, 1, 5, 5, 2).token()).isEqualTo(1);
    assertThat(draw(greedy, 2, -0f, 0f).token()).isEqualTo(0);
    assertThat(draw(greedy, 3, Float.NEGATIVE_INFINITY, -7).token()).isEqualTo(1);
  }

  @Test
  void draws_follow_the_softmax_of_the_logits_over_temperature() {
    float[] logits = {0, 1, 2, -1};
    for (double temperature : new double[] {0.5, 1, 2}) {
      double[] wanted = softmax(logits, temperature);
      double[] found = shares(Settings.PLAIN.temperature(temperature), logits);
      for (int i = 0; i < logits.length; i++) {
        assertThat(found[i]).isCloseTo(wanted[i], within(0.015));
      }
    }
  }

  @Test
  void a_tiny_temperature_draws_the_likeliest() {
    for (double temperature : new double[] {1e-3, 1e-30, Double.MIN_VALUE}) {
      assertThat(draw(Settings.PLAIN.temperature(temperature), 5, 1, 3, 2).token()).isEqualTo(1);
    }
  }

  @Test
  void a_draw_depends_on_seed_and_index_alone() {
    float[] logits = new float[100];
    Sampling sampling = Settings.PLAIN.seeded(42);
    int[] one = {1, 2, 3, 4, 5};
    int[] other = {9, 8, 7, 6, 5, 4, 3};
    int first = sampler.draw(logits.clone(), one, 2, 4, sampling, NO_STOP).token();
    draw(Settings.PLAIN.filters(7, 0.5, 0), 3, logits);

    assertThat(new Sampler().draw(logits.clone(), other, 4, 6, sampling, NO_STOP).token())
        .isEqualTo(first);
    Set<Integer> ofIndices = new java.util.HashSet<>();
    Set<Integer> ofSeeds = new java.util.HashSet<>();
    for (int i = 0; i < 50; i++) {
      ofIndices.add(sampler.draw(logits.clone(), new int[60], 1, 1 + i, sampling, NO_STOP).token());
      ofSeeds.add(draw(Settings.PLAIN, i, logits).token());
    }
    assertThat(ofIndices).hasSizeGreaterThan(20);
    assertThat(ofSeeds).hasSizeGreaterThan(20);
  }

  @Test
  void top_k_keeps_the_k_likeliest_and_ties_by_id() {
    double[] shares = shares(Settings.PLAIN.filters(2, 1, 0), 1, 3, 2, 2);
    assertThat(shares[0] + shares[3]).isZero();
    double[] wanted = softmax(new float[] {3, 2}, 1);
    assertThat(shares[1]).isCloseTo(wanted[0], within(0.015));
    assertThat(draw(Settings.PLAIN.filters(1, 1, 0), 9, 1, 3, 3).token()).isEqualTo(1);
  }

  @Test
  void top_p_keeps_the_smallest_set_that_reaches_p() {
    float[] logits = log(0.5, 0.25, 0.15, 0.1);
    assertThat(tokens(Settings.PLAIN.filters(0, 0.5, 0), logits)).containsExactly(0);
    assertThat(tokens(Settings.PLAIN.filters(0, 0.6, 0), logits)).containsExactly(0, 1);
    assertThat(tokens(Settings.PLAIN.filters(0, 0.8, 0), logits)).containsExactly(0, 1, 2);
    assertThat(tokens(Settings.PLAIN.filters(0, 1e-9, 0), logits)).containsExactly(0);
    // After top-k, p counts of what is left: 0.5 of 0.75 does not reach 0.7.
    assertThat(tokens(Settings.PLAIN.filters(2, 0.7, 0), logits)).containsExactly(0, 1);
    assertThat(tokens(Settings.PLAIN.filters(2, 0.6, 0), logits)).containsExactly(0);
  }

  @Test
  void min_p_drops_what_is_less_likely_than_a_share_of_the_likeliest() {
    float[] logits = log(0.5, 0.25, 0.15, 0.1);
    assertThat(tokens(Settings.PLAIN.filters(0, 1, 0.25), logits)).containsExactly(0, 1, 2);
    assertThat(tokens(Settings.PLAIN.filters(0, 1, 1), logits)).containsExactly(0);
    assertThat(tokens(Settings.PLAIN.filters(3, 0.99, 0.45), logits)).containsExactly(0, 1);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void filters_agree_with_their_definition_over_a_whole_sort(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 300; round++) {
      float[] logits = new float[1 + random.nextInt(200)];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = (float) Math.round(random.nextDouble() * 20) / 2;
      }
      Settings settings =
          Settings.PLAIN
              .temperature(0.1 + random.nextDouble())
              .filters(
                  random.nextInt(logits.length + 5),
                  random.nextBoolean() ? 1 : 0.05 + 0.9 * random.nextDouble(),
                  random.nextBoolean() ? 0 : random.nextDouble());
      Set<Integer> allowed = allowed(logits, settings);
      for (int draw = 0; draw < 20; draw++) {
        assertThat(draw(settings, random.nextLong(), logits).token()).isIn(allowed);
      }
    }
  }

  @Test
  void a_simple_draw_gives_the_same_token_without_the_rest_of_the_sampler() {
    SplittableRandom random = new SplittableRandom(8);
    for (int round = 0; round < 300; round++) {
      float[] logits = new float[50];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = (float) random.nextDouble(4);
      }
      Settings settings =
          Settings.PLAIN
              .temperature(round % 5 == 0 ? 0 : 0.1 + random.nextDouble())
              .filters(random.nextInt(60), 0.05 + 0.95 * random.nextDouble(), 0.1);
      Draw simple = Sampler.simple(settings.seeded(round), NO_STOP, 0).orElseThrow();
      assertThat(new Candidates().choice(logits, simple))
          .isEqualTo(draw(settings, round, logits).token());
    }
    assertThat(Sampler.simple(Settings.PLAIN.penalties(1, 1, 0).seeded(0), NO_STOP, 0)).isEmpty();
    assertThat(Sampler.simple(Settings.PLAIN.bias(Map.of(1, 1.0)).seeded(0), NO_STOP, 0)).isEmpty();
  }

  @Test
  void the_draw_goes_through_what_is_kept_in_order_of_ids() {
    float[] logits = log(0.1, 0.2, 0.4, 0.3);
    double[] units = {0, 0.2, 0.24, 0.6, 0.7, 0.99};
    int[] wanted = {1, 1, 2, 2, 3, 3};
    for (int i = 0; i < units.length; i++) {
      for (Draw draw : List.of(new Draw(1, 3, 1, 0, units[i]), new Draw(1, 0, 0.85, 0, units[i]))) {
        assertThat(new Candidates().choice(logits, draw)).isEqualTo(wanted[i]);
      }
    }
  }

  @Test
  void logits_that_are_no_numbers_allow_no_draw() {
    Draw draw = new Draw(1, 0, 1, 0, 0.5);
    for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThat(new Candidates().choice(new float[] {1, odd, 2}, draw)).isNegative();
    }
    float[] ruledOut = {Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY};
    assertThat(new Candidates().choice(ruledOut, draw)).isNegative();
    assertThat(new Candidates().choice(new float[] {1, Float.NaN, 2}, Draw.GREEDY)).isEqualTo(2);
  }

  @Test
  void penalties_are_vllms() {
    float[] logits = {2, -2, 1, 1, 1};
    int[] tokens = {0, 1, 2, 3, 3}; // Prompt 0 and 1, output 2 and 3 twice.
    Settings settings = Settings.PLAIN.temperature(0).penalties(2, 0.5, 0.25);
    sampler.draw(logits, tokens, 2, 5, settings.seeded(0), NO_STOP);

    assertThat(logits).containsExactly(1f, -4f, 0.5f - 0.75f, 0.5f - 1f, 1f);

    float[] again = {1, 1};
    sampler.draw(again, PROMPT, 1, 1, Settings.PLAIN.seeded(0), NO_STOP);
    assertThat(again).containsExactly(1, 1);
  }

  @Test
  void presence_and_frequency_leave_the_prompt_alone() {
    float[] logits = {1, 1, 1};
    Settings settings = Settings.PLAIN.temperature(0).penalties(1, 1, 1);
    sampler.draw(logits, new int[] {0, 0, 1}, 2, 3, settings.seeded(0), NO_STOP);
    assertThat(logits).containsExactly(1, -1, 1);
  }

  @Test
  void logit_bias_is_added_and_unknown_ids_are_refused() {
    Settings greedy = Settings.PLAIN.temperature(0);
    assertThat(draw(greedy.bias(Map.of(2, 5.0)), 0, 3, 2, 1).token()).isEqualTo(2);
    assertThat(draw(greedy.bias(Map.of(0, -100.0)), 0, 3, 2, 1).token()).isEqualTo(1);
    assertThatThrownBy(() -> draw(greedy.bias(Map.of(3, 1.0)), 0, 3, 2, 1))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining("token id 3");
  }

  @Test
  void stop_tokens_are_not_drawn_before_the_least_number_of_tokens() {
    StopRule stop = new StopRule(10, 2, Set.of(1, 77));
    int[] tokens = {0, 0, 0, 0};
    for (int length = 1; length <= 3; length++) {
      float[] logits = {1, 9, 2};
      int drawn = sampler.draw(logits, tokens, 1, length, Sampling.GREEDY, stop).token();
      assertThat(drawn).isEqualTo(length < 3 ? 2 : 1);
    }
  }

  @Test
  void a_fresh_sampler_scores_its_token_without_alternatives() {
    Sampler.Drawn drawn = draw(Settings.PLAIN.temperature(0).logprobs(0), 0, log(0.5, 0.5));

    assertThat(drawn.logprob()).isNotNull();
    assertThat(drawn.top()).isEmpty();
  }

  @Test
  void log_probabilities_are_those_of_the_raw_distribution() {
    float[] logits = log(0.5, 0.25, 0.15, 0.1);
    Settings settings =
        Settings.PLAIN.temperature(0).filters(1, 0.1, 0).bias(Map.of(3, 50.0)).logprobs(2);
    Sampler.Drawn drawn = draw(settings, 0, logits);

    assertThat(drawn.token()).isEqualTo(3);
    assertThat(drawn.logprob()).isNotNull();
    assertThat(drawn.logprob().logprob()).isCloseTo((float) Math.log(0.1), within(1e-5f));
    assertThat(drawn.top()).extracting(TokenLogprob::token).containsExactly(0, 1);
    assertThat(drawn.top().getLast().logprob()).isCloseTo((float) Math.log(0.25), within(1e-5f));

    Sampler.Drawn bare = draw(settings.logprobs(0), 0, logits);
    assertThat(bare.logprob()).isEqualTo(drawn.logprob());
    assertThat(bare.top()).isEmpty();
    assertThat(draw(settings.logprobs(Sampling.NO_LOGPROBS), 0, logits).logprob()).isNull();
    assertThat(draw(settings.logprobs(20), 0, logits).top()).hasSize(4);
  }

  @Test
  void logits_that_are_no_numbers_are_a_named_error() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      for (double temperature : new double[] {0, 1}) {
        assertThatThrownBy(() -> draw(Settings.PLAIN.temperature(temperature), 0, 1, bad, 2))
            .isInstanceOf(TributaryException.class)
            .hasMessageContaining("logit of token 1");
      }
    }
    float none = Float.NEGATIVE_INFINITY;
    assertThatThrownBy(() -> draw(Settings.PLAIN, 0, none, none))
        .hasMessageContaining("no token can be drawn");
    StopRule stop = new StopRule(10, 1, Set.of(0));
    assertThatThrownBy(() -> sampler.draw(new float[] {1}, PROMPT, 1, 1, Sampling.GREEDY, stop))
        .hasMessageContaining("no token can be drawn");
  }

  @Test
  void masked_tokens_are_never_drawn() {
    float masked = Float.NEGATIVE_INFINITY;
    assertThat(tokens(Settings.PLAIN, masked, 0, masked, 0)).containsExactly(1, 3);
    assertThat(tokens(Settings.PLAIN.filters(4, 0.999, 0), masked, 0, masked, 0))
        .containsExactly(1, 3);
  }

  private List<Integer> tokens(Settings settings, float... logits) {
    double[] shares = shares(settings, logits);
    return IntStream.range(0, shares.length).filter(i -> shares[i] > 0).boxed().toList();
  }

  /** The tokens that may be drawn, by the definition of each filter. */
  private static Set<Integer> allowed(float[] logits, Settings settings) {
    List<Integer> ranked =
        IntStream.range(0, logits.length)
            .boxed()
            .sorted(Comparator.<Integer>comparingDouble(i -> -logits[i]).thenComparing(i -> i))
            .toList();
    int k = settings.topK == 0 ? logits.length : Math.min(settings.topK, logits.length);
    double[] probabilities = softmax(logits, settings.temperature);
    double mass = ranked.subList(0, k).stream().mapToDouble(i -> probabilities[i]).sum();
    int count = 0;
    double reached = 0;
    while (count < k && (settings.topP == 1 || reached < settings.topP * mass - 1e-9)) {
      reached += probabilities[ranked.get(count++)];
    }
    double least = settings.minP * probabilities[ranked.getFirst()];
    return ranked.subList(0, count).stream()
        .filter(i -> probabilities[i] >= least - 1e-12)
        .collect(java.util.stream.Collectors.toSet());
  }

  private static double[] softmax(float[] logits, double temperature) {
    double max = IntStream.range(0, logits.length).mapToDouble(i -> logits[i]).max().orElseThrow();
    double[] weights =
        IntStream.range(0, logits.length)
            .mapToDouble(i -> Math.exp((logits[i] - max) / temperature))
            .toArray();
    double sum = Arrays.stream(weights).sum();
    return Arrays.stream(weights).map(weight -> weight / sum).toArray();
  }

  private static float[] log(double... probabilities) {
    float[] logits = new float[probabilities.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.log(probabilities[i]);
    }
    return logits;
  }
}
