package tributary.cli.load;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.function.ToIntFunction;

/** Asks for one answer after the other and reads their streams. Thread-safe; blocks. */
final class Asking {
  /** Few letters each, so that most tokenizers make one token of one. */
  private static final List<String> WORDS =
      List.of(
          "the", "river", "of", "a", "small", "town", "runs", "to", "sea", "and", "back", "in",
          "one", "long", "day", "when", "light", "is", "on", "water");

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String DATA = "data:";
  private static final String DONE = "[DONE]";

  private final HttpClient http;
  private final LoadTarget target;
  private final DoubleSupplier seconds;
  private final ToIntFunction<String> tokenCount;

  /**
   * @param seconds since the run began
   * @param tokenCount of a text, for servers that do not tell how many tokens they sent
   */
  Asking(
      HttpClient http,
      LoadTarget target,
      DoubleSupplier seconds,
      ToIntFunction<String> tokenCount) {
    this.http = http;
    this.target = target;
    this.seconds = seconds;
    this.tokenCount = tokenCount;
  }

  /** What is asked for: a model, and lengths in tokens. */
  record Question(int tenant, long number, int promptTokens, int outputTokens) {}

  Answer ask(Question question) throws InterruptedException {
    HttpRequest request = request(question);
    double sent = seconds.getAsDouble();
    String failure;
    try {
      HttpResponse<InputStream> response =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (var lines =
          new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
        if (response.statusCode() == 200) {
          return read(lines, question, sent);
        }
        failure = "status " + response.statusCode() + code(lines.readLine());
      }
    } catch (HttpTimeoutException late) {
      failure = "timeout";
    } catch (JsonProcessingException noJson) {
      failure = "not JSON";
    } catch (IOException broken) {
      failure = "connection: " + broken.getClass().getSimpleName();
    }
    return new Answer.Failed(question.tenant(), sent, seconds.getAsDouble(), failure);
  }

  private Answer read(BufferedReader lines, Question question, double sent) throws IOException {
    var chunks = new ArrayList<Double>();
    var text = new StringBuilder();
    int promptTokens = question.promptTokens();
    int outputTokens = -1;
    boolean done = false;
    for (String line = lines.readLine(); line != null && !done; line = lines.readLine()) {
      if (!line.startsWith(DATA)) {
        continue; // An empty line, or a comment that keeps the connection alive.
      }
      double now = seconds.getAsDouble();
      String data = line.substring(DATA.length()).strip();
      done = data.equals(DONE);
      JsonNode chunk = done ? JSON.nullNode() : JSON.readTree(data);
      if (chunk.has("error")) {
        return new Answer.Failed(question.tenant(), sent, now, "in the stream" + code(data));
      }
      if (!chunk.path("choices").isEmpty()) {
        chunks.add(now);
        JsonNode choice = chunk.get("choices").get(0);
        text.append(choice.path("text").asText("")).append(choice.at("/delta/content").asText(""));
      }
      if (chunk.path("usage").isObject()) {
        promptTokens = chunk.at("/usage/prompt_tokens").asInt();
        outputTokens = chunk.at("/usage/completion_tokens").asInt();
      }
    }
    double end = seconds.getAsDouble();
    if (!done || chunks.isEmpty()) {
      return new Answer.Failed(question.tenant(), sent, end, "broken off");
    }
    int tokens = outputTokens >= 0 ? outputTokens : tokenCount.applyAsInt(text.toString());
    return new Answer.Finished(question.tenant(), sent, end, chunks, promptTokens, tokens);
  }

  private HttpRequest request(Question question) {
    ObjectNode body =
        JSON.createObjectNode()
            .put("model", target.models().get(question.tenant()))
            .put("stream", true)
            .put("temperature", 0)
            .put("max_tokens", question.outputTokens());
    body.putObject("stream_options").put("include_usage", true);
    if (target.ignoresEos()) {
      body.put("ignore_eos", true);
    }
    String prompt = prompt(question);
    switch (target.endpoint()) {
      case COMPLETIONS -> body.put("prompt", prompt);
      case CHAT -> body.putArray("messages").addObject().put("role", "user").put("content", prompt);
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(target.server().resolve(target.endpoint().path()))
            .timeout(target.answerMax())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    if (target.key() != null) {
      request.header("Authorization", "Bearer " + target.key());
    }
    return request.build();
  }

  /** Of about as many tokens; begins with its number, so that no other prompt begins alike. */
  private static String prompt(Question question) {
    var text = new StringBuilder().append(question.number());
    for (int i = 1; i < question.promptTokens(); i++) {
      int word = Math.floorMod(31 * question.number() + 7L * i, WORDS.size());
      text.append(' ').append(WORDS.get(word));
    }
    return text.toString();
  }

  /** The error's code with a space before it, if there is one. */
  private static String code(String json) {
    try {
      String code = JSON.readTree(json == null ? "" : json).at("/error/code").asText("");
      return code.isEmpty() ? "" : " " + code;
    } catch (JsonProcessingException noJson) {
      return "";
    }
  }
}
