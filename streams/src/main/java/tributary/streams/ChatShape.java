package tributary.streams;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tributary.protocol.FinishReason;
import tributary.protocol.Usage;
import tributary.protocol.openai.ChatCompletion;
import tributary.protocol.openai.ChatCompletionChunk;
import tributary.protocol.openai.ChatCompletionChunk.Delta;
import tributary.protocol.openai.ChatLogprobs;
import tributary.protocol.openai.UsageBody;

/** The bodies of {@code /v1/chat/completions}. */
final class ChatShape implements AnswerShape {
  private static final char NOT_A_CHARACTER = '\uFFFD';

  private final AcceptedRequest request;

  ChatShape(AcceptedRequest request) {
    this.request = request;
  }

  @Override
  public Optional<Record> opening(int choice) {
    return Optional.of(chunk(new ChatCompletionChunk.Choice(choice, Delta.ROLE, null, null)));
  }

  @Override
  public Record text(AnswerEvent.Text text) {
    return chunk(
        new ChatCompletionChunk.Choice(
            text.choice(), Delta.of(text.text()), logprobs(text.scores()), null));
  }

  @Override
  public Record finish(int choice, FinishReason reason) {
    return chunk(new ChatCompletionChunk.Choice(choice, Delta.NONE, null, reason.wireName()));
  }

  @Override
  public Record usage(Usage usage) {
    return new ChatCompletionChunk(
        request.id(), request.created(), request.modelName(), List.of(), UsageBody.of(usage));
  }

  @Override
  public Record whole(List<WholeChoice> choices, Usage usage) {
    return new ChatCompletion(
        request.id(),
        request.created(),
        request.modelName(),
        choices.stream().map(ChatShape::choice).toList(),
        UsageBody.of(usage));
  }

  private ChatCompletionChunk chunk(ChatCompletionChunk.Choice choice) {
    return new ChatCompletionChunk(
        request.id(), request.created(), request.modelName(), List.of(choice), null);
  }

  private static ChatCompletion.Choice choice(WholeChoice whole) {
    return new ChatCompletion.Choice(
        whole.index(),
        new ChatCompletion.Message("assistant", whole.text()),
        logprobs(whole.scores()),
        whole.reason().wireName());
  }

  private static @Nullable ChatLogprobs logprobs(List<TokenScore> scores) {
    return scores.isEmpty()
        ? null
        : new ChatLogprobs(
            scores.stream()
                .map(score -> entry(score, score.top().stream().map(ChatShape::entry).toList()))
                .toList());
  }

  private static ChatLogprobs.Entry entry(TokenScore score) {
    return entry(score, null);
  }

  private static ChatLogprobs.Entry entry(
      TokenScore score, @Nullable List<ChatLogprobs.Entry> top) {
    return new ChatLogprobs.Entry(score.name(), score.logprob(), bytes(score.name()), top);
  }

  private static @Nullable List<Integer> bytes(String text) {
    if (text.indexOf(NOT_A_CHARACTER) >= 0) {
      return null;
    }
    var bytes = new ArrayList<Integer>();
    for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
      bytes.add(Byte.toUnsignedInt(each));
    }
    return bytes;
  }
}
