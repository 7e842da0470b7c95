package tributary.tests;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Readers that ask again and again, each with one stream at a time, and check every answer. An
 * answer is whole and right, or an explicit error; anything else is a complaint.
 */
final class Crowd {
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, String> expected;
  private final List<String> models;
  private final String prompt;
  private final int tokens;
  private final Duration patience;
  private final AtomicInteger whole = new AtomicInteger();
  private final Map<String, AtomicInteger> errors = new ConcurrentHashMap<>();
  private final Queue<String> complaints = new ConcurrentLinkedQueue<>();
  private final Set<URI> lost = ConcurrentHashMap.newKeySet();
  private final AtomicInteger cutOff = new AtomicInteger();
  private volatile List<URI> entrances;
  private volatile boolean leaving;

  /**
   * @param expected what each model answers to the prompt
   * @param patience after which a request without an end has hung
   */
  Crowd(
      Map<String, String> expected,
      String prompt,
      int tokens,
      Duration patience,
      List<URI> entrances) {
    this.expected = Map.copyOf(expected);
    this.models = List.copyOf(expected.keySet());
    this.prompt = prompt;
    this.tokens = tokens;
    this.patience = patience;
    this.entrances = List.copyOf(entrances);
  }

  /** This server goes without a word: who came in by it can only see that. */
  void lose(URI server) {
    lost.add(server);
  }

  /**
   * What has come of all requests so far.
   *
   * @param cutOff requests that were made to a server that was lost
   */
  record Tally(int whole, Map<String, Integer> errors, int cutOff, List<String> complaints) {}

  void come(int readers) {
    for (int reader = 0; reader < readers; reader++) {
      int first = reader;
      threads.execute(() -> askOn(first));
    }
  }

  /** New requests go to these servers from now on, as a load balancer's would. */
  void enterBy(List<URI> servers) {
    entrances = List.copyOf(servers);
  }

  Tally tally() {
    var counts = new ConcurrentHashMap<String, Integer>();
    errors.forEach((code, count) -> counts.put(code, count.get()));
    return new Tally(whole.get(), counts, cutOff.get(), List.copyOf(complaints));
  }

  /**
   * How long it takes until every model, asked now and again until it answers, has answered beside
   * all the others.
   */
  Duration awaitService(Duration limit) throws InterruptedException {
    long since = System.nanoTime();
    var served = new CountDownLatch(models.size());
    for (int model = 0; model < models.size(); model++) {
      int first = model;
      threads.execute(() -> askUntilServed(first, since + limit.toNanos(), served));
    }
    if (!served.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError(
          "not all models were served within %s: %s".formatted(limit, tally()));
    }
    return Duration.ofNanos(System.nanoTime() - since);
  }

  private void askUntilServed(int model, long until, CountDownLatch served) {
    for (int turn = model; System.nanoTime() < until; turn++) {
      List<URI> doors = entrances;
      if (ask(doors.get(turn % doors.size()), models.get(model))) {
        served.countDown();
        return;
      }
    }
  }

  private void askOn(int reader) {
    for (int turn = reader; !leaving; turn++) {
      List<URI> doors = entrances;
      // Doors change more slowly than models, so that each reader sees every pair.
      ask(doors.get(turn / models.size() % doors.size()), models.get(turn % models.size()));
    }
  }

  /** Whether the answer was whole. */
  private boolean ask(URI server, String model) {
    try {
      HttpResponse<String> answer =
          http.sendAsync(request(server, model), HttpResponse.BodyHandlers.ofString())
              .get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return judge(model, answer);
    } catch (TimeoutException e) {
      complaints.add("%s at %s hung for %s".formatted(model, server, patience));
    } catch (ExecutionException | JsonProcessingException | AssertionError e) {
      // An assertion: the stream broke off without an error event.
      if (lost.contains(server)) {
        cutOff.incrementAndGet();
      } else {
        complaints.add("%s at %s ended with %s".formatted(model, server, e));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      leaving = true;
    }
    return false;
  }

  private boolean judge(String model, HttpResponse<String> answer) throws JsonProcessingException {
    if (answer.statusCode() != 200) {
      error(Client.JSON.readTree(answer.body()));
      return false;
    }
    List<String> events =
        answer
            .body()
            .lines()
            .filter(line -> line.startsWith("data:"))
            .map(line -> line.substring("data:".length()).strip())
            .toList();
    for (String event : events) {
      if (event.startsWith("{\"error\"")) {
        error(Client.JSON.readTree(event));
        return false;
      }
    }
    if (events.isEmpty()) {
      throw new AssertionError("the stream ended without an event");
    }
    String text = Client.text(events);
    if (text.equals(expected.get(model))) {
      whole.incrementAndGet();
      return true;
    }
    complaints.add("%s said '%s' instead of '%s'".formatted(model, text, expected.get(model)));
    return false;
  }

  private void error(JsonNode body) {
    String code = Objects.requireNonNull(body.at("/error/code").asText());
    errors.computeIfAbsent(code, _ -> new AtomicInteger()).incrementAndGet();
  }

  static ObjectNode body(String model, String prompt, int tokens) {
    return Client.completion(model, prompt, tokens).put("stream", true).put("ignore_eos", true);
  }

  private HttpRequest request(URI server, String model) {
    return HttpRequest.newBuilder(server.resolve("/v1/completions"))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body(model, prompt, tokens).toString()))
        .build();
  }

  /** Lets everyone finish what was asked. */
  void leave() throws InterruptedException {
    leaving = true;
    threads.shutdown();
    if (!threads.awaitTermination(2 * patience.toMillis(), TimeUnit.MILLISECONDS)) {
      complaints.add("readers were left");
      threads.shutdownNow();
    }
    http.shutdownNow();
  }
}
