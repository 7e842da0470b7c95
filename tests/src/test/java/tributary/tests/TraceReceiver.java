package tributary.tests;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A collector of traces on loopback: takes OTLP over HTTP and keeps the spans. */
final class TraceReceiver implements AutoCloseable {
  private static final long SECONDS_MAX = 60;

  private final HttpServer http;
  private final BlockingQueue<Span> spans = new LinkedBlockingQueue<>();

  private TraceReceiver(HttpServer http) {
    this.http = http;
  }

  static TraceReceiver start() throws IOException {
    var receiver =
        new TraceReceiver(
            HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
    receiver.http.createContext("/v1/traces", receiver::take);
    receiver.http.start();
    return receiver;
  }

  /** Without the path, which exporters add. */
  String address() {
    return "http://127.0.0.1:" + http.getAddress().getPort();
  }

  /** Takes spans until {@code complete} holds of all that came. */
  List<Span> await(Predicate<List<Span>> complete) throws InterruptedException {
    var all = new ArrayList<Span>();
    while (!complete.test(all)) {
      Span next = spans.poll(SECONDS_MAX, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("no further span came after " + all);
      }
      all.add(next);
    }
    return all;
  }

  private void take(HttpExchange exchange) throws IOException {
    try (exchange) {
      ExportTraceServiceRequest.parseFrom(exchange.getRequestBody()).getResourceSpansList().stream()
          .flatMap(resource -> resource.getScopeSpansList().stream())
          .flatMap(scope -> scope.getSpansList().stream())
          .forEach(spans::add);
      exchange.getResponseHeaders().set("content-type", "application/x-protobuf");
      exchange.sendResponseHeaders(200, -1);
    }
  }

  @Override
  public void close() {
    http.stop(0);
  }
}
