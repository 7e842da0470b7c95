package tributary.compression.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.compression.quality.Scorer.Sequence;
import tributary.gpu.KvShape;
import tributary.model.ForwardPass.LogitsSink;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.protocol.TributaryException;

class ScorerTest {
  private static final int VOCABULARY = 11;
  private static final int PAGE_TOKENS = 4;

  /**
   * A model that adds up the tokens it finds in a sequence's pages and thinks that the sum, modulo
   * the vocabulary, comes next.
   */
  private static final class AddingModel {
    private final Map<Integer, Integer> cache = new HashMap<>();
    private final float certainty;
    private int rowsMax;

    AddingModel(float certainty) {
      this.certainty = certainty;
    }

    void run(StepBatch batch, LogitsSink sink) {
      int rows = 0;
      for (int index = 0; index < batch.slices().size(); index++) {
        StepBatch.Slice slice = batch.slices().get(index);
        rows += slice.tokens().length;
        for (int row = 0; row < slice.tokens().length; row++) {
          int position = slice.firstPosition() + row;
          cache.put(slot(slice, position), slice.tokens()[row]);
          if (slice.logits() == StepBatch.LogitRows.ALL) {
            sink.accept(index, row, logits(slice, position));
          }
        }
      }
      rowsMax = Math.max(rowsMax, rows);
    }

    private float[] logits(StepBatch.Slice slice, int position) {
      int sum = IntStream.rangeClosed(0, position).map(p -> cache.get(slot(slice, p))).sum();
      float[] logits = new float[VOCABULARY];
      logits[sum % VOCABULARY] = certainty;
      return logits;
    }

    private static int slot(StepBatch.Slice slice, int position) {
      return slice.pages()[position / PAGE_TOKENS] * PAGE_TOKENS + position % PAGE_TOKENS;
    }
  }

  private final AddingModel model = new AddingModel(2);

  @Test
  void a_likely_token_and_an_unlikely_one_are_scored_by_the_softmax() {
    double total = Math.exp(2) + VOCABULARY - 1;
    assertThat(score(scorer(8), List.of(new Sequence(new int[] {1, 2, 3}, 2))))
        .singleElement()
        .satisfies(score -> {
          assertThat(score.logLikelihood()).isCloseTo(2 - Math.log(total), within(1e-6));
          assertThat(score.tokens()).isEqualTo(1);
          assertThat(score.exact()).isTrue();
        });
    Score wrong = score(scorer(8), List.of(new Sequence(new int[] {1, 2, 3, 7}, 2))).getFirst();
    assertThat(wrong.logLikelihood()).isCloseTo(2 - 2 * Math.log(total), within(1e-6));
    assertThat(wrong.exact()).isFalse();
  }

  static LongStream seeds() {
    return LongStream.range(0, 5);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void sequences_that_share_steps_score_as_they_do_alone(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Sequence> sequences = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      int[] tokens = random.ints(random.nextInt(2, 30), 0, VOCABULARY).toArray();
      sequences.add(new Sequence(tokens, random.nextInt(1, tokens.length)));
    }
    Scorer scorer = scorer(20);
    List<Score> together = new ArrayList<>();
    while (together.size() < sequences.size()) {
      int count = scorer.fitting(sequences, together.size());
      together.addAll(score(scorer, sequences.subList(together.size(), together.size() + count)));
    }
    List<Score> alone =
        sequences.stream().map(one -> score(scorer(8), List.of(one)).getFirst()).toList();
    assertThat(together).isEqualTo(alone);
  }

  @Test
  void a_step_has_a_limit_of_rows() {
    List<Sequence> sequences =
        IntStream.range(0, 100).mapToObj(i -> new Sequence(new int[301], 300)).toList();
    Scorer scorer = scorer(100_000);
    int count = scorer.fitting(sequences, 0);
    score(scorer, sequences.subList(0, count));
    assertThat(count).isEqualTo(6);
    assertThat(model.rowsMax).isLessThanOrEqualTo(2048);
    assertThat(scorer.fitting(List.of(new Sequence(new int[4000], 1)), 0)).isEqualTo(1);
  }

  @Test
  void a_sequence_larger_than_the_cache_is_refused() {
    assertThatThrownBy(() -> scorer(2).fitting(List.of(new Sequence(new int[10], 1)), 0))
        .hasMessageContaining("needs 3 pages, the cache has 2");
  }

  @Test
  void a_token_that_the_model_does_not_have_is_named() {
    assertThatThrownBy(() -> score(scorer(2), List.of(new Sequence(new int[] {1, 11}, 1))))
        .isInstanceOf(TributaryException.class)
        .hasMessageContainingAll("token 11", "0 to 10");
  }

  @Test
  void divergence_and_agreement_are_those_of_the_distributions() {
    AddingModel surer = new AddingModel(3);
    AddingModel contrary = new AddingModel(-1);
    Scorer scorer = scorer(VOCABULARY, model, surer, contrary);
    List<List<Score>> scores =
        scorer.score(List.of(new Sequence(new int[] {1, 2, 3, 7}, 2), sequence(5)));
    assertThat(scores).hasSize(3);
    for (int sequence = 0; sequence < 2; sequence++) {
      int tokens = scores.getFirst().get(sequence).tokens();
      assertThat(scores.get(0).get(sequence).divergence()).isZero();
      assertThat(scores.get(0).get(sequence).agreements()).isEqualTo(tokens);
      assertThat(scores.get(1).get(sequence).divergence())
          .isCloseTo(tokens * divergence(2, 3), within(1e-6));
      assertThat(scores.get(1).get(sequence).agreements()).isEqualTo(tokens);
      assertThat(scores.get(2).get(sequence).divergence())
          .isCloseTo(tokens * divergence(2, -1), within(1e-6));
      assertThat(scores.get(2).get(sequence).agreements()).isZero();
    }
    assertThat(scores.get(1).getFirst().logLikelihood())
        .isEqualTo(
            score(scorer(VOCABULARY, surer), List.of(new Sequence(new int[] {1, 2, 3, 7}, 2)))
                .getFirst()
                .logLikelihood());
  }

  @Test
  void a_step_keeps_few_distributions_of_a_large_vocabulary() {
    AddingModel other = new AddingModel(1);
    Scorer scorer = scorer(1 << 20, model, other);
    List<Sequence> sequences = List.of(sequence(50), sequence(3), sequence(7));
    List<List<Score>> scores = scorer.score(sequences);
    assertThat(model.rowsMax).isEqualTo(16);
    assertThat(other.rowsMax).isEqualTo(16);
    assertThat(scores).isEqualTo(scorer(VOCABULARY, model, other).score(sequences));
    assertThat(other.rowsMax).isGreaterThan(16);
  }

  @Test
  void variants_of_other_vocabularies_are_not_compared() {
    Subject wider =
        new Subject(
            (batch, sink) ->
                model.run(
                    batch,
                    (slice, row, logits) -> sink.accept(slice, row, new float[VOCABULARY + 1])),
            ResidentDelta.none());
    Subject narrow = new Subject(model::run, ResidentDelta.none());
    assertThatThrownBy(
            () -> scorer(8, VOCABULARY, List.of(narrow, wider)).score(List.of(sequence(3))))
        .isInstanceOf(TributaryException.class)
        .hasMessageContainingAll("12 tokens", "has 11");
  }

  /** Of two distributions that say {@code e^a} and {@code e^b} of the same token, 1 of others. */
  private static double divergence(double a, double b) {
    double ofA = Math.exp(a) + VOCABULARY - 1;
    double ofB = Math.exp(b) + VOCABULARY - 1;
    return Math.exp(a) / ofA * (a - b) + Math.log(ofB / ofA);
  }

  private static Sequence sequence(int predicted) {
    return new Sequence(IntStream.rangeClosed(0, predicted).map(i -> i % VOCABULARY).toArray(), 1);
  }

  private static List<Score> score(Scorer scorer, List<Sequence> sequences) {
    return scorer.score(sequences).getFirst();
  }

  private Scorer scorer(int pages) {
    return scorer(pages, VOCABULARY, List.of(new Subject(model::run, ResidentDelta.none())));
  }

  private static Scorer scorer(int vocabulary, AddingModel... models) {
    List<Subject> subjects =
        Arrays.stream(models).map(one -> new Subject(one::run, ResidentDelta.none())).toList();
    return scorer(50, vocabulary, subjects);
  }

  private static Scorer scorer(int pages, int vocabulary, List<Subject> subjects) {
    return new Scorer(new KvShape(1, 1, 1, PAGE_TOKENS, pages), vocabulary, subjects);
  }
}
