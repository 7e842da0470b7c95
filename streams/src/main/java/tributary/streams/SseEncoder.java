package tributary.streams;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Usage;
import tributary.protocol.openai.ErrorBody;
import tributary.protocol.openai.OpenAiJson;

/** Writes an answer's events as server-sent events. Belongs to one answer. */
final class SseEncoder {
  private static final byte[] DATA = bytes("data: ");
  private static final byte[] END = bytes("\n\n");
  private static final byte[] DONE = bytes("data: [DONE]\n\n");

  /** Browsers and the SDKs skip comments. */
  private static final byte[] HEARTBEAT = bytes(": waiting\n\n");

  private final AnswerShape shape;
  private final boolean includeUsage;
  private final boolean continuousUsage;
  private final int promptTokens;
  private final int[] tokens;

  /** For each choice, its events that have nothing but text; made when the first is due. */
  private final @Nullable TextTemplate[] templates;

  SseEncoder(AcceptedRequest request) {
    this.shape = AnswerShape.of(request);
    this.includeUsage = request.delivery().includeUsage();
    this.continuousUsage = request.delivery().continuousUsage();
    this.promptTokens = request.promptTokens();
    this.tokens = new int[request.choices().size()];
    this.templates = new @Nullable TextTemplate[tokens.length];
  }

  void encode(AnswerEvent event, EventBytes to) {
    switch (event) {
      case AnswerEvent.Began(int choice) -> shape.opening(choice).ifPresent(body -> data(body, to));
      case AnswerEvent.Text text -> text(text, to);
      case AnswerEvent.Call call -> data(shape.call(call, used(call.choice(), call.tokens())), to);
      case AnswerEvent.Ended ended -> {
        var used = used(ended.choice(), ended.completionTokens());
        data(shape.finish(ended, used), to);
      }
      case AnswerEvent.PromptScores _, AnswerEvent.State _ ->
          throw new AssertionError("what is told of prompts does not come in a stream");
      case AnswerEvent.Completed completed -> {
        if (includeUsage) {
          data(shape.usage(completed.usage()), to);
        }
        to.put(DONE);
      }
      case AnswerEvent.Failed failed -> {
        data(ErrorBody.of(Refusals.shown(failed.refusal())), to);
        to.put(DONE);
      }
      case AnswerEvent.Waiting _ -> to.put(HEARTBEAT);
    }
  }

  private void text(AnswerEvent.Text text, EventBytes to) {
    Usage used = used(text.choice(), text.tokens());
    if (used == null && text.scores().isEmpty()) {
      template(text.choice()).write(text.text(), to);
    } else {
      data(shape.text(text, used), to);
    }
  }

  private TextTemplate template(int choice) {
    TextTemplate template = templates[choice];
    if (template == null) {
      var marked = new AnswerEvent.Text(choice, TextTemplate.MARK, List.of(), 0);
      template = TextTemplate.of(DATA, shape.text(marked, null), END);
      templates[choice] = template;
    }
    return template;
  }

  /** What was used so far, where each event shall say so. */
  private @Nullable Usage used(int choice, int count) {
    tokens[choice] = count;
    return continuousUsage ? new Usage(promptTokens, Arrays.stream(tokens).sum()) : null;
  }

  private static void data(Record body, EventBytes to) {
    to.put(DATA);
    to.put(OpenAiJson.bytes(body));
    to.put(END);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
