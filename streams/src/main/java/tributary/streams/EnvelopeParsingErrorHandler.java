package tributary.streams;

import akka.event.LoggingAdapter;
import akka.http.ParsingErrorHandler;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import akka.http.scaladsl.model.ErrorInfo;
import akka.http.scaladsl.model.StatusCode;
import akka.http.scaladsl.settings.ServerSettings;
import java.util.UUID;
import tributary.protocol.ErrorCode;
import tributary.protocol.Refusal;

/**
 * Answers what is not HTTP, or goes past a limit of the parser, in the API's shape. Named in {@code
 * tributary-http.conf}; Akka finds the one instance by the field's name.
 */
final class EnvelopeParsingErrorHandler extends ParsingErrorHandler {
  @SuppressWarnings("unused") // Akka reads it by reflection.
  static final EnvelopeParsingErrorHandler MODULE$ = new EnvelopeParsingErrorHandler();

  private EnvelopeParsingErrorHandler() {}

  @Override
  public HttpResponse handle(
      StatusCode status, ErrorInfo info, LoggingAdapter log, ServerSettings settings) {
    log.debug("a request that is not one: {}", info.summary());
    // The summary names the rule that was broken; the detail would repeat what was sent.
    return HttpAnswers.refusal(Refusal.of(ErrorCode.INVALID_REQUEST, info.summary()))
        .withStatus(status.intValue())
        .addHeader(RawHeader.create(RequestName.HEADER, "req-" + UUID.randomUUID()));
  }
}
