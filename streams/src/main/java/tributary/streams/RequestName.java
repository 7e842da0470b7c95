package tributary.streams;

import akka.http.javadsl.model.AttributeKey;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * What a request is called in its answer's {@code x-request-id} and in the log: the caller's own
 * word where it is safe to repeat, else a new one.
 */
record RequestName(String value) {
  static final String HEADER = "x-request-id";
  static final AttributeKey<RequestName> KEY =
      AttributeKey.create("request-name", RequestName.class);

  private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9._-]{1,128}");

  static RequestName of(HttpRequest request, Supplier<String> ids) {
    return request
        .getHeader(HEADER)
        .map(HttpHeader::value)
        .filter(given -> SAFE.matcher(given).matches())
        .map(RequestName::new)
        .orElseGet(() -> new RequestName("req-" + ids.get()));
  }
}
