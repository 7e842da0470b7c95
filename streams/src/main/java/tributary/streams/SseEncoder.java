package tributary.streams;

import akka.util.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import tributary.protocol.openai.ErrorBody;
import tributary.protocol.openai.OpenAiJson;

/**
 * Writes an answer's events as server-sent events. Belongs to one answer; each element of the
 * result is one event, so that it leaves as one HTTP chunk.
 */
final class SseEncoder {
  private static final ByteString DATA = bytes("data: ");
  private static final ByteString END = bytes("\n\n");
  private static final ByteString DONE = bytes("data: [DONE]\n\n");

  /** Browsers and the SDKs skip comments. */
  private static final ByteString HEARTBEAT = bytes(": waiting\n\n");

  private final AnswerShape shape;
  private final boolean includeUsage;

  SseEncoder(AcceptedRequest request) {
    this.shape = AnswerShape.of(request);
    this.includeUsage = request.delivery().includeUsage();
  }

  List<ByteString> encode(AnswerEvent event) {
    return switch (event) {
      case AnswerEvent.Began(int choice) -> optional(shape.opening(choice));
      case AnswerEvent.Text text -> List.of(data(shape.text(text)));
      case AnswerEvent.Ended ended -> List.of(data(shape.finish(ended.choice(), ended.reason())));
      case AnswerEvent.Completed completed ->
          includeUsage ? List.of(data(shape.usage(completed.usage())), DONE) : List.of(DONE);
      case AnswerEvent.Failed failed ->
          List.of(data(ErrorBody.of(Refusals.shown(failed.refusal()))), DONE);
      case AnswerEvent.Waiting _ -> List.of(HEARTBEAT);
    };
  }

  private static List<ByteString> optional(Optional<Record> body) {
    return body.map(SseEncoder::data).stream().toList();
  }

  private static ByteString data(Record body) {
    return DATA.concat(ByteString.fromArrayUnsafe(OpenAiJson.bytes(body))).concat(END);
  }

  private static ByteString bytes(String text) {
    return ByteString.fromArrayUnsafe(text.getBytes(StandardCharsets.UTF_8));
  }
}
