package tributary.streams;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Usage;
import tributary.protocol.openai.ChatCompletion;
import tributary.protocol.openai.ChatCompletionChunk;
import tributary.protocol.openai.ChatCompletionChunk.Delta;
import tributary.protocol.openai.ChatLogprobs;
import tributary.protocol.openai.ToolCallBody;
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
    return Optional.of(
        chunk(new ChatCompletionChunk.Choice(choice, Delta.ROLE, null, null, null), null));
  }

  @Override
  public Record text(AnswerEvent.Text text, @Nullable Usage used) {
    return chunk(
        new ChatCompletionChunk.Choice(
            text.choice(), Delta.of(text.text()), logprobs(text.scores()), null, null),
        used);
  }

  @Override
  public Record call(AnswerEvent.Call call, @Nullable Usage used) {
    ToolCallBody part =
        call.name() == null
            ? ToolCallBody.further(call.call(), call.arguments())
            : ToolCallBody.first(call.call(), callId(call.choice(), call.call()), call.name());
    return chunk(
        new ChatCompletionChunk.Choice(call.choice(), Delta.of(part), null, null, null), used);
  }

  @Override
  public Record finish(AnswerEvent.Ended ended, @Nullable Usage used) {
    return chunk(
        new ChatCompletionChunk.Choice(
            ended.choice(), Delta.NONE, null, ended.reason().wireName(), ended.stoppedBy()),
        used);
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
        choices.stream().map(this::choice).toList(),
        UsageBody.of(usage),
        PromptLogprobs.of(choices.getFirst().prompt(), request));
  }

  private ChatCompletionChunk chunk(ChatCompletionChunk.Choice choice, @Nullable Usage used) {
    return new ChatCompletionChunk(
        request.id(),
        request.created(),
        request.modelName(),
        List.of(choice),
        used == null ? null : UsageBody.of(used));
  }

  private ChatCompletion.Choice choice(WholeChoice whole) {
    var calls = new ArrayList<ToolCallBody>();
    for (WholeCall call : whole.calls()) {
      calls.add(
          ToolCallBody.whole(callId(whole.index(), calls.size()), call.name(), call.arguments()));
    }
    String content = whole.text().isEmpty() && !calls.isEmpty() ? null : whole.text();
    return new ChatCompletion.Choice(
        whole.index(),
        new ChatCompletion.Message("assistant", content, calls.isEmpty() ? null : calls),
        logprobs(whole.scores()),
        whole.ended().reason().wireName(),
        whole.ended().stoppedBy());
  }

  /** Unique, since the answer's id is. */
  private String callId(int choice, int call) {
    String answer = request.id().substring(request.endpoint().idPrefix().length());
    return "call_%s_%d_%d".formatted(answer, choice, call);
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
    return new ChatLogprobs.Entry(score.name(), score.known(), bytes(score.name()), top);
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
