package tributary.tests;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A plain HTTP client of one server. */
final class Client {
  static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI address;

  Client(URI address) {
    this.address = address;
  }

  /** A greedy completion request. */
  static ObjectNode completion(String model, String prompt, int maxTokens) {
    return JSON.createObjectNode()
        .put("model", model)
        .put("prompt", prompt)
        .put("max_tokens", maxTokens)
        .put("temperature", 0);
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return http.send(request(path).GET().build(), HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
    return http.send(posting(path, body), HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> put(String path, String body) throws IOException, InterruptedException {
    HttpRequest put =
        request(path)
            .header("Content-Type", "application/json")
            .PUT(HttpRequest.BodyPublishers.ofString(body))
            .build();
    return http.send(put, HttpResponse.BodyHandlers.ofString());
  }

  /** The JSON of a successful answer. */
  JsonNode ask(String path, JsonNode body) throws IOException, InterruptedException {
    HttpResponse<String> response = post(path, body.toString());
    if (response.statusCode() != 200) {
      throw new AssertionError(response.statusCode() + " " + response.body());
    }
    return JSON.readTree(response.body());
  }

  /** The data of each server-sent event, {@code [DONE]} included, as they come. */
  Stream<String> stream(String path, JsonNode body) throws IOException, InterruptedException {
    HttpResponse<Stream<String>> response =
        http.send(posting(path, body.toString()), HttpResponse.BodyHandlers.ofLines());
    if (response.statusCode() != 200) {
      throw new AssertionError(response.statusCode() + " " + response.body().toList());
    }
    return response
        .body()
        .filter(line -> line.startsWith("data:"))
        .map(line -> line.substring("data:".length()).strip());
  }

  /** The whole text of a streamed completion; fails when the stream did not end as it should. */
  String streamedText(JsonNode body) throws IOException, InterruptedException {
    return text(stream("/v1/completions", body).toList());
  }

  /** The text that completion events carry. */
  static String text(List<String> events) throws JsonProcessingException {
    if (!events.getLast().equals("[DONE]")) {
      throw new AssertionError("the stream broke off: " + events);
    }
    StringBuilder text = new StringBuilder();
    for (String event : events.subList(0, events.size() - 1)) {
      JsonNode json = JSON.readTree(event);
      if (json.has("error")) {
        throw new AssertionError("the stream failed: " + event);
      }
      for (JsonNode choice : json.get("choices")) {
        text.append(choice.get("text").asText());
      }
    }
    return text.toString();
  }

  /** The value of one metric without labels. */
  double metric(String name) throws IOException, InterruptedException {
    return get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  /** Those of some models that the server says it has loaded; a sample, taken once a second. */
  Set<String> resident(Collection<String> models) throws IOException, InterruptedException {
    List<String> metrics = get("/metrics").body().lines().toList();
    return models.stream()
        .filter(model ->
            metrics.contains(
                "tributary_delta_resident{engine=\"0\",model_name=\"%s\"} 1.0".formatted(model)))
        .collect(Collectors.toSet());
  }

  private HttpRequest posting(String path, String body) {
    return request(path)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(address.resolve(path)).timeout(TIMEOUT);
  }
}
