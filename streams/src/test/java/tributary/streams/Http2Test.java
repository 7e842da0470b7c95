package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tributary.protocol.FinishReason;

/** HTTP/2 without TLS, for those who ask for it. */
class Http2Test {
  private static final String ASK = "{\"model\":\"tenant-a\",\"prompt\":\"x\",\"stream\":true}";

  private static TestServer start(TestServer.Builder settings) {
    return settings.start(
        new ScriptedGeneration(
            request -> ScriptedGeneration.text(request, "Hi!", FinishReason.STOP)));
  }

  private static HttpClient client() {
    return HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();
  }

  private static HttpResponse<String> live(TestServer server, HttpClient client) throws Exception {
    return client.send(
        server.request("/health/live").build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void streams_share_a_connection_and_end_as_over_http_1() throws Exception {
    try (var server = start(TestServer.with().http2());
        var client = client()) {
      assertThat(live(server, client).version()).isEqualTo(HttpClient.Version.HTTP_2);
      var asked =
          IntStream.range(0, 20)
              .mapToObj(_ ->
                  client.sendAsync(
                      server
                          .jsonPost("/v1/completions")
                          .POST(HttpRequest.BodyPublishers.ofString(ASK))
                          .build(),
                      HttpResponse.BodyHandlers.ofString()))
              .toList();
      for (CompletableFuture<HttpResponse<String>> each : asked) {
        HttpResponse<String> answer = TestServer.await(each);
        assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(answer.headers().firstValue("x-request-id")).isPresent();
        assertThat(answer.body()).contains("\"text\":\"H\"").endsWith("data: [DONE]\n\n");
      }
    }
  }

  @Test
  void http_1_goes_on_beside_it() {
    try (var server = start(TestServer.with().http2())) {
      try (var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
        assertThat(
                TestServer.await(
                        client.sendAsync(
                            server.request("/health/live").build(),
                            HttpResponse.BodyHandlers.ofString()))
                    .version())
            .isEqualTo(HttpClient.Version.HTTP_1_1);
      }
    }
  }

  @Test
  void without_the_setting_there_is_none() throws Exception {
    try (var server = start(TestServer.with());
        var client = client()) {
      assertThat(live(server, client).version()).isEqualTo(HttpClient.Version.HTTP_1_1);
    }
  }
}
