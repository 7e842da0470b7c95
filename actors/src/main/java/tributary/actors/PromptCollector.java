package tributary.actors;

import java.util.ArrayList;
import java.util.List;
import tributary.model.sampling.PromptScorer;
import tributary.protocol.PromptNews;
import tributary.protocol.PromptReading;
import tributary.scheduling.StepPlan;
import tributary.scheduling.StepResult;

/** Gathers what the slices of one step tell of their prompts. */
final class PromptCollector {
  private final PromptScorer scorer = new PromptScorer();
  private final List<StepPlan.Slice> slices;
  private final List<List<PromptNews.Score>> scores;
  private final List<StepResult.Read> read = new ArrayList<>();

  PromptCollector(List<StepPlan.Slice> slices) {
    this.slices = slices;
    this.scores = slices.stream().<List<PromptNews.Score>>map(_ -> new ArrayList<>()).toList();
  }

  /** Whether a slice's rows say something of prompt tokens that somebody wants to know. */
  static boolean isScored(StepPlan.Slice slice) {
    return slice.request().reading().wantsScores()
        && slice.firstPosition() + 1 < slice.request().prompt().count();
  }

  /** Takes the logits of a row, which say how likely the token behind it was. */
  void logits(int index, int row, float[] logits) {
    StepPlan.Slice slice = slices.get(index);
    int position = slice.firstPosition() + row + 1;
    if (slice.request().reading() instanceof PromptReading.Scores(int top)
        && position < slice.request().prompt().count()) {
      scores.get(index).add(scorer.score(logits, slice.tokens()[position], top));
    }
  }

  void state(int index, float[] state) {
    read.add(new StepResult.Read(slices.get(index).request().id(), new PromptNews.State(state)));
  }

  List<StepResult.Read> finish() {
    for (int i = 0; i < scores.size(); i++) {
      if (!scores.get(i).isEmpty()) {
        StepPlan.Slice slice = slices.get(i);
        read.add(
            new StepResult.Read(
                slice.request().id(),
                new PromptNews.Scores(slice.firstPosition() + 1, scores.get(i))));
      }
    }
    return read;
  }
}
