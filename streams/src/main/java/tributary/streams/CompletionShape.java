package tributary.streams;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
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
  public Record text(AnswerEvent.Text text, @Nullable Usage used) {
    return chunk(
        new TextCompletion.Choice(
            text.choice(), text.text(), logprobs(text.choice(), text.scores()), null, null, null),
        used);
  }

  @Override
  public Record call(AnswerEvent.Call call, @Nullable Usage used) {
    throw new AssertionError("a completion has no tools");
  }

  @Override
  public Record finish(AnswerEvent.Ended ended, @Nullable Usage used) {
    return chunk(
        new TextCompletion.Choice(
            ended.choice(), "", null, ended.reason().wireName(), ended.stoppedBy(), null),
        used);
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
        whole.ended().reason().wireName(),
        whole.ended().stoppedBy(),
        PromptLogprobs.of(whole.prompt(), request));
  }

  private TextCompletion chunk(TextCompletion.Choice choice, @Nullable Usage used) {
    return answer(List.of(choice), used == null ? null : UsageBody.of(used));
  }

  private TextCompletion answer(List<TextCompletion.Choice> choices, @Nullable UsageBody usage) {
    return new TextCompletion(request.id(), request.created(), request.modelName(), choices, usage);
  }

  private TextCompletion.@Nullable Logprobs logprobs(int choice, List<TokenScore> scores) {
    if (scores.isEmpty()) {
      return null;
    }
    var textOffset = new ArrayList<Integer>(scores.size());
    var logprobs = new ArrayList<@Nullable Float>(scores.size());
    var top = new ArrayList<@Nullable Map<String, Float>>(scores.size());
    for (TokenScore score : scores) {
      logprobs.add(score.logprob());
      top.add(top(score));
      textOffset.add(offsets[choice]);
      offsets[choice] += score.characters();
    }
    return new TextCompletion.Logprobs(
        scores.stream().map(TokenScore::name).toList(), logprobs, top, textOffset);
  }

  /** Tokens that read alike share one entry, the likelier's. The chosen token is always there. */
  private static @Nullable Map<String, Float> top(TokenScore score) {
    Float logprob = score.logprob();
    if (logprob == null) {
      return null;
    }
    var top = new LinkedHashMap<String, Float>();
    score.top().forEach(other -> top.putIfAbsent(other.name(), other.known()));
    top.putIfAbsent(score.name(), logprob);
    return top;
  }
}
