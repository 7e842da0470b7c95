package tributary.compression.quality;

import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import tributary.gpu.Backend;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.ModelConfig;
import tributary.model.ResidentDelta;
import tributary.model.gradient.Completion;
import tributary.tensor.TensorView;
import tributary.tensor.container.TensorSource;

/**
 * How a model with some tensors exchanged agrees with the one that it was made of.
 *
 * @param divergence Kullback-Leibler divergence from the original, in nats, mean over tokens
 * @param agreement share of the tokens where both find the same token likeliest
 */
public record Agreement(double divergence, double agreement) {
  private static final int PAGE_TOKENS = 16;
  private static final int PAGES_MIN = 256;

  /**
   * Measures on completions.
   *
   * @param exchanged tensors that stand in for the original's of the same name
   */
  public static Agreement of(
      ModelConfig config,
      TensorSource original,
      Map<String, TensorView> exchanged,
      List<Completion> completions,
      Backend backend) {
    int longest = completions.stream().mapToInt(Completion::inputs).max().orElseThrow();
    int pages = Math.max(PAGES_MIN, Math.ceilDiv(longest, PAGE_TOKENS));
    try (BaseModel reference = BaseModel.of(config, new Borrowed(original, Map.of()), backend);
        BaseModel changed = BaseModel.of(config, new Borrowed(original, exchanged), backend);
        ForwardPass first = ForwardPass.create(reference, pages, PAGE_TOKENS);
        ForwardPass second = ForwardPass.create(changed, pages, PAGE_TOKENS)) {
      List<Subject> subjects =
          List.of(
              new Subject(first::run, ResidentDelta.none()),
              new Subject(second::run, ResidentDelta.none()));
      Scorer scorer = new Scorer(first.cache().shape(), config.vocabularySize(), subjects);
      List<Scorer.Sequence> sequences =
          completions.stream().map(c -> new Scorer.Sequence(c.tokens(), c.from())).toList();
      return of(scorer, sequences);
    }
  }

  private static Agreement of(Scorer scorer, List<Scorer.Sequence> sequences) {
    double divergence = 0;
    long tokens = 0;
    long agreements = 0;
    for (int done = 0; done < sequences.size(); ) {
      int count = scorer.fitting(sequences, done);
      for (Score score : scorer.score(sequences.subList(done, done + count)).getLast()) {
        divergence += score.divergence();
        tokens += score.tokens();
        agreements += score.agreements();
      }
      done += count;
    }
    return new Agreement(divergence / tokens, (double) agreements / tokens);
  }

  /** Tensors that somebody else owns. */
  private record Borrowed(TensorSource original, Map<String, TensorView> exchanged)
      implements TensorSource {
    @Override
    public SortedSet<String> names() {
      return original.names();
    }

    @Override
    public TensorView tensor(String name) {
      TensorView instead = exchanged.get(name);
      return instead == null ? original.tensor(name) : instead;
    }

    @Override
    public void close() {}
  }
}
