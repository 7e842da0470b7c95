package tributary.streams;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tributary.protocol.FinishReason;
import tributary.protocol.Usage;
import tributary.protocol.openai.TextCompletion;
import tributary.protocol.openai.UsageBody;

/** The bodies of {@code /v1/completions}. */
final class CompletionShape implements AnswerShape {
  private final AcceptedRequest request;

  /** For each choice, where in its text the next scored token stands. */
  private final int[] offsets;

  CompletionShape(AcceptedRequest request) {
    this.request = request;
    this.offsets = new int[request.choices().size()];
  }

  @Override
  public Optional<Record> opening(int choice) {
    return Optional.empty();
  }

  @Override
  public Record text(AnswerEvent.Text text) {
    return chunk(
        new TextCompletion.Choice(
            text.choice(), text.text(), logprobs(text.choice(), text.scores()), null));
  }

  @Override
  public Record finish(int choice, FinishReason reason) {
    return chunk(new TextCompletion.Choice(choice, "", null, reason.wireName()));
  }

  @Override
  public Record usage(Usage usage) {
    return answer(List.of(), UsageBody.of(usage));
  }

  @Override
  public Record whole(List<WholeChoice> choices, Usage usage) {
    return answer(choices.stream().map(this::choice).toList(), UsageBody.of(usage));
  }

  private TextCompletion.Choice choice(WholeChoice whole) {
    return new TextCompletion.Choice(
        whole.index(),
        whole.text(),
        logprobs(whole.index(), whole.scores()),
        whole.reason().wireName());
  }

  private TextCompletion chunk(TextCompletion.Choice choice) {
    return answer(List.of(choice), null);
  }

  private TextCompletion answer(List<TextCompletion.Choice> choices, @Nullable UsageBody usage) {
    return new TextCompletion(request.id(), request.created(), request.modelName(), choices, usage);
  }

  private TextCompletion.@Nullable Logprobs logprobs(int choice, List<TokenScore> scores) {
    if (scores.isEmpty()) {
      return null;
    }
    var textOffset = new ArrayList<Integer>(scores.size());
    for (TokenScore score : scores) {
      textOffset.add(offsets[choice]);
      offsets[choice] += score.characters();
    }
    return new TextCompletion.Logprobs(
        scores.stream().map(TokenScore::name).toList(),
        scores.stream().map(TokenScore::logprob).toList(),
        scores.stream().map(CompletionShape::top).toList(),
        textOffset);
  }

  /** Tokens that read alike share one entry, the likelier's. The chosen token is always there. */
  private static Map<String, Float> top(TokenScore score) {
    var top = new LinkedHashMap<String, Float>();
    score.top().forEach(other -> top.putIfAbsent(other.name(), other.logprob()));
    top.putIfAbsent(score.name(), score.logprob());
    return top;
  }
}
