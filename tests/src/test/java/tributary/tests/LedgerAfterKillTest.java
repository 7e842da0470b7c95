package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What readers were told that they used is in the ledger, whatever became of the server. */
class LedgerAfterKillTest {
  private static final int READERS = 6;
  private static final int COMPLETE_BEFORE_KILL = 12;

  @TempDir Path directory;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /** What an answer used, as its reader was told or as the ledger has it. */
  private record Used(int promptTokens, int completionTokens) {}

  private final Map<String, Used> told = new ConcurrentHashMap<>();
  private final Set<String> begun = ConcurrentHashMap.newKeySet();
  private final CountDownLatch completed = new CountDownLatch(COMPLETE_BEFORE_KILL);

  @Test
  void every_answer_that_was_complete_is_in_the_ledger_after_a_kill() throws Exception {
    var server = ServerProcess.start(KeyedServer.config(directory));
    try (var readers = Executors.newFixedThreadPool(READERS)) {
      for (int i = 0; i < READERS; i++) {
        int seed = i;
        readers.execute(() -> read(server.address(), seed));
      }
      assertThat(completed.await(2, TimeUnit.MINUTES)).isTrue();
      server.kill();
    }
    Map<String, Used> written = written();
    assertThat(written).containsAllEntriesOf(told).hasSizeGreaterThanOrEqualTo(told.size());
    var others = new HashSet<>(written.keySet());
    others.removeAll(told.keySet());
    // Their last event was on its way when the server died.
    assertThat(begun).containsAll(others);
    assertThat(others).hasSizeLessThanOrEqualTo(READERS);
    assertSums(written, told.size() + others.size());
  }

  /** Asks one answer after the other until the server is gone. */
  private void read(URI address, int seed) {
    try {
      for (int i = 0; ; i++) {
        ask(address, 1 + (seed + i) % 7);
      }
    } catch (IOException gone) {
      // As it should.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void ask(URI address, int maxTokens) throws IOException, InterruptedException {
    var body =
        Client.completion("sgd_chat", "User: I want to book a table.\nAssistant:", maxTokens)
            .put("stream", true)
            .put("ignore_eos", true);
    body.putObject("stream_options").put("include_usage", true);
    var request =
        HttpRequest.newBuilder(address.resolve("/v1/completions"))
            .header("content-type", "application/json")
            .header("authorization", "Bearer " + KeyedServer.USER)
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
            .build();
    var response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    try (var lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("data: {")) {
          JsonNode event = Client.JSON.readTree(line.substring("data: ".length()));
          String id = event.get("id").asText();
          begun.add(id);
          if (event.has("usage")) {
            told.put(
                id,
                new Used(
                    event.at("/usage/prompt_tokens").asInt(),
                    event.at("/usage/completion_tokens").asInt()));
            completed.countDown();
          }
        }
      }
    }
  }

  /** The sums that the next server tells are those of the answers one by one. */
  private void assertSums(Map<String, Used> answers, int count) throws Exception {
    try (var again = ServerProcess.start(KeyedServer.config(directory))) {
      var request =
          HttpRequest.newBuilder(again.address().resolve("/admin/usage"))
              .header("authorization", "Bearer " + KeyedServer.ADMIN)
              .build();
      JsonNode sums =
          Client.JSON.readTree(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
      assertThat(sums.get("data")).hasSize(1);
      JsonNode sum = sums.at("/data/0");
      assertThat(sum.get("answers").asInt()).isEqualTo(count);
      assertThat(sum.get("prompt_tokens").asInt())
          .isEqualTo(answers.values().stream().mapToInt(Used::promptTokens).sum());
      assertThat(sum.get("completion_tokens").asInt())
          .isEqualTo(answers.values().stream().mapToInt(Used::completionTokens).sum());
    }
  }

  private Map<String, Used> written() throws SQLException {
    var written = new HashMap<String, Used>();
    try (var connection = DriverManager.getConnection(KeyedServer.ledger(directory), "", "");
        var rows =
            connection
                .createStatement()
                .executeQuery(
                    "SELECT answer, prompt_tokens, completion_tokens FROM tributary_usage"
                        + " WHERE outcome = 'complete'")) {
      while (rows.next()) {
        written.put(rows.getString(1), new Used(rows.getInt(2), rows.getInt(3)));
      }
    }
    return written;
  }
}
