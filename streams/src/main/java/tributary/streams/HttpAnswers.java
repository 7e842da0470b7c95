package tributary.streams;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.http.javadsl.model.headers.RawHeader;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.openai.ErrorBody;
import tributary.protocol.openai.OpenAiJson;

/** Responses: JSON, event streams, and refusals with what clients need to decide on a retry. */
final class HttpAnswers {
  /** Causes that pass by themselves, and soon. */
  private static final Set<ErrorCode> PASSING =
      Set.of(
          ErrorCode.QUEUE_FULL,
          ErrorCode.LEDGER_UNAVAILABLE,
          ErrorCode.SHUTTING_DOWN,
          ErrorCode.STREAM_BROKEN);

  private static final Nanos RETRY_AFTER_DEFAULT = Nanos.ofMillis(1000);

  private HttpAnswers() {}

  static HttpResponse json(Record body) {
    return HttpResponse.create().withEntity(ContentTypes.APPLICATION_JSON, OpenAiJson.bytes(body));
  }

  static HttpResponse events(Source<ByteString, ?> events) {
    return HttpResponse.create()
        .withEntity(HttpEntities.create(MediaTypes.TEXT_EVENT_STREAM.toContentType(), events))
        .addHeader(RawHeader.create("cache-control", "no-cache"))
        // Tells proxies not to gather events.
        .addHeader(RawHeader.create("x-accel-buffering", "no"));
  }

  static HttpResponse refusal(Refusal full) {
    Refusal refusal = Refusals.shown(full);
    var response = json(ErrorBody.of(refusal)).withStatus(refusal.code().httpStatus());
    Nanos retryAfter = retryAfter(refusal);
    if (refusal.code() == ErrorCode.INVALID_API_KEY) {
      return response.addHeader(RawHeader.create("www-authenticate", "Bearer"));
    }
    if (retryAfter != null) {
      // A day's quota is further away than a client should wait by itself.
      return (refusal.code() == ErrorCode.QUOTA_EXCEEDED ? notRetried(response) : response)
          .addHeader(RawHeader.create("retry-after", wholeUnits(retryAfter, 1_000_000_000)))
          .addHeader(RawHeader.create("retry-after-ms", wholeUnits(retryAfter, 1_000_000)));
    }
    return isRetriedByClients(refusal.code()) ? notRetried(response) : response;
  }

  private static HttpResponse notRetried(HttpResponse response) {
    return response.addHeader(RawHeader.create("x-should-retry", "false"));
  }

  /** When asking again makes sense: as the refuser says, or where the cause passes by itself. */
  private static @Nullable Nanos retryAfter(Refusal refusal) {
    if (refusal.retryAfter() != null) {
      return refusal.retryAfter();
    }
    return PASSING.contains(refusal.code()) ? RETRY_AFTER_DEFAULT : null;
  }

  /** The SDKs ask again after these unless told not to. */
  private static boolean isRetriedByClients(ErrorCode code) {
    return code.httpStatus() == 429 || code.httpStatus() >= 500;
  }

  private static String wholeUnits(Nanos span, long nanosPerUnit) {
    return Long.toString(Math.ceilDiv(span.count(), nanosPerUnit));
  }
}
