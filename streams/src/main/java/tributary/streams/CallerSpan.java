package tributary.streams;

import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import java.util.HashMap;
import java.util.regex.Pattern;
import kamon.context.Context;
import kamon.context.HttpPropagation;
import kamon.trace.Span;
import kamon.trace.SpanPropagation;
import scala.Option;
import scala.collection.immutable.Map;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.OptionConverters;

/** The span of whoever sent a request, as the header {@code traceparent} of W3C names it. */
final class CallerSpan {
  private static final String HEADER = "traceparent";

  /** Version 00: trace, span and flags; identifiers of zeros are void. */
  private static final Pattern LEGAL =
      Pattern.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");

  private static final SpanPropagation.W3CTraceContext W3C = new SpanPropagation.W3CTraceContext();

  private CallerSpan() {}

  /** Empty where the request has none, or one that is not legal. */
  static Span of(HttpRequest request) {
    boolean legal =
        request
            .getHeader(HEADER)
            .filter(header -> LEGAL.matcher(header.value()).matches())
            .isPresent();
    Context none = Context.Empty();
    return (legal ? W3C.read(new Headers(request), none) : none).get(Span.Key());
  }

  private record Headers(HttpRequest request) implements HttpPropagation.HeaderReader {
    @Override
    public Option<String> read(String name) {
      return OptionConverters.toScala(request.getHeader(name).map(HttpHeader::value));
    }

    @Override
    public Map<String, String> readAll() {
      var all = new HashMap<String, String>();
      request.getHeaders().forEach(header -> all.put(header.lowercaseName(), header.value()));
      return Map.from(CollectionConverters.asScala(all));
    }
  }
}
