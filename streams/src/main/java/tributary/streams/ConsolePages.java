package tributary.streams;

import static akka.http.javadsl.server.PathMatchers.segment;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.Route;
import akka.util.ByteString;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The web console: a handful of files out of the archive, held in memory. They are the same for
 * everyone; what they show comes over the API, with its rights.
 */
final class ConsolePages extends AllDirectives {
  private static final String INDEX = "index.html";

  // Every file by name: nothing else in the archive can be asked for.
  private static final List<String> FILES =
      List.of(
          INDEX,
          "console.css",
          "mark.svg",
          "admin.js",
          "api.js",
          "console.js",
          "draw.js",
          "live.js",
          "metrics.js",
          "playground.js");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=UTF-8",
          "css", "text/css; charset=UTF-8",
          "svg", "image/svg+xml",
          "js", "text/javascript; charset=UTF-8");

  private final Map<String, HttpResponse> pages =
      FILES.stream().collect(Collectors.toUnmodifiableMap(name -> name, ConsolePages::read));

  /** The page itself at {@code /}, its parts under {@code /console}. */
  Route all() {
    return concat(
        pathSingleSlash(() -> get(() -> complete(page(INDEX)))),
        pathPrefix(
            "console",
            () ->
                path(
                    segment(),
                    name -> pages.containsKey(name) ? get(() -> complete(page(name))) : reject())));
  }

  private HttpResponse page(String name) {
    HttpResponse page = pages.get(name);
    if (page == null) {
      throw new AssertionError("no console page " + name);
    }
    return page;
  }

  private static HttpResponse read(String name) {
    String suffix = name.substring(name.indexOf('.') + 1);
    ContentType type = ContentTypes.parse(TYPES.getOrDefault(suffix, "text/plain"));
    return HttpResponse.create()
        .withEntity(type, ByteString.fromArrayUnsafe(bytes(name)))
        .addHeader(RawHeader.create("cache-control", "no-cache"))
        .addHeader(RawHeader.create("x-content-type-options", "nosniff"))
        .addHeader(RawHeader.create("referrer-policy", "no-referrer"))
        .addHeader(
            RawHeader.create(
                "content-security-policy",
                "default-src 'self'; frame-ancestors 'none';"
                    + " base-uri 'none'; form-action 'none'"));
  }

  private static byte[] bytes(String name) {
    try (InputStream file = ConsolePages.class.getResourceAsStream("console/" + name)) {
      if (file == null) {
        throw new AssertionError("the build left out console/" + name);
      }
      return file.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("console/" + name, e);
    }
  }
}
