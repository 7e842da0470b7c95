package tributary.streams;

import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import akka.http.scaladsl.model.EntityStreamSizeException;
import akka.stream.Materializer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/** Reads JSON bodies off the wire, up to a size and within a time. */
final class RequestBody {
  static final Duration ARRIVAL_MAX = Duration.ofSeconds(30);
  private static final String JSON = "application/json";

  private final Bytes max;
  private final Materializer materializer;

  RequestBody(Bytes max, Materializer materializer) {
    this.max = max;
    this.materializer = materializer;
  }

  /** The body's bytes; fails with a {@link TributaryException}. */
  CompletionStage<byte[]> read(HttpRequest request) {
    checkType(request);
    checkEncoding(request);
    return request
        .entity()
        .withSizeLimit(max.count())
        .toStrict(ARRIVAL_MAX.toMillis(), materializer)
        .handle((strict, failure) -> {
          if (failure != null) {
            throw refused(failure);
          }
          return strict.getData().toArray();
        });
  }

  private static void checkType(HttpRequest request) {
    var type = request.entity().getContentType().mediaType();
    if (!JSON.equals(type.mainType() + "/" + type.subType())) {
      throw new TributaryException(
          ErrorCode.UNSUPPORTED_MEDIA_TYPE,
          "content-type is %s; send %s".formatted(Quoted.of(type.toString()), JSON));
    }
  }

  /** Bodies are never decompressed: a small one could become any size. */
  private static void checkEncoding(HttpRequest request) {
    Optional<String> encoding =
        request
            .getHeader("content-encoding")
            .map(HttpHeader::value)
            .filter(value -> !value.equalsIgnoreCase("identity"));
    if (encoding.isPresent()) {
      throw new TributaryException(
          ErrorCode.UNSUPPORTED_MEDIA_TYPE,
          "content-encoding is %s; send the body as it is".formatted(Quoted.of(encoding.get())));
    }
  }

  private RuntimeException refused(Throwable failure) {
    Throwable cause = Refusals.cause(failure);
    return switch (cause) {
      case EntityStreamSizeException size ->
          new TributaryException(ErrorCode.BODY_TOO_LARGE, tooLarge(size));
      case TimeoutException _ ->
          new TributaryException(
              ErrorCode.INVALID_REQUEST,
              "the body did not arrive within %d s; send it faster"
                  .formatted(ARRIVAL_MAX.toSeconds()));
      default ->
          new TributaryException(
              ErrorCode.INVALID_REQUEST, "the body broke off; send it again", cause);
    };
  }

  private String tooLarge(EntityStreamSizeException failure) {
    String found =
        failure.actualSize().isDefined() ? failure.actualSize().get() + " bytes" : "larger";
    return "the body is %s; it may have at most %d bytes".formatted(found, max.count());
  }
}
