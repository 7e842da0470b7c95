package tributary.tests;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
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
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Readers that ask again and again, each with one stream at a time, and check every answer. An
 * answer is whole and right, or an explicit error; anything else is a complaint.
 */
final class Crowd {
  private static final String DATA = "data: ";
  private static final String ERROR = "{\"error\"";

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
  private volatile Watch watch;
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
    this.watch = new Watch(models.size());
  }

  /**
   * How long all models together took, at servers that are not lost.
   *
   * @param firstTokens until each had begun an answer to somebody who had asked since then
   * @param answers until each, asked now and again until it answers, had given a whole one
   */
  record Service(Duration firstTokens, Duration answers) {}

  /** Since when it is looked at whether models are served, and which have been. */
  private static final class Watch {
    final long since = System.nanoTime();
    final CountDownLatch answers;
    private final CountDownLatch begun;
    private final Set<String> models = ConcurrentHashMap.newKeySet();
    private volatile Duration firstTokens = Duration.ZERO;

    Watch(int models) {
      answers = new CountDownLatch(models);
      begun = new CountDownLatch(models);
    }

    synchronized void firstToken(String model) {
      if (models.add(model)) {
        firstTokens = Duration.ofNanos(System.nanoTime() - since);
        begun.countDown();
      }
    }

    Service await(Duration limit) throws InterruptedException {
      long nanos = limit.toNanos();
      boolean all =
          begun.await(nanos, TimeUnit.NANOSECONDS)
              && answers.await(since + nanos - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (!all) {
        throw new AssertionError("served within %s were only %s".formatted(limit, models));
      }
      return new Service(firstTokens, Duration.ofNanos(System.nanoTime() - since));
    }
  }

  /** The lines of an answer; whoever waits for its first event is told of that. */
  private static final class Lines implements Flow.Subscriber<String> {
    private final List<String> lines = new ArrayList<>();
    private final Runnable begun;
    private boolean isBegun;

    Lines(Runnable begun) {
      this.begun = begun;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(String line) {
      lines.add(line);
      if (!isBegun && line.startsWith(DATA) && !line.startsWith(DATA + ERROR)) {
        isBegun = true;
        begun.run();
      }
    }

    @Override
    public void onError(Throwable failure) {
      // The response fails with it.
    }

    @Override
    public void onComplete() {
      // The response completes with the lines.
    }
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

  /** Waits until every model is served beside all the others. */
  Service awaitService(Duration limit) throws InterruptedException {
    var watching = new Watch(models.size());
    watch = watching;
    for (int model = 0; model < models.size(); model++) {
      int first = model;
      threads.execute(() -> askUntilServed(first, watching.since + limit.toNanos(), watching));
    }
    return watching.await(limit);
  }

  private void askUntilServed(int model, long until, Watch watching) {
    for (int turn = model; System.nanoTime() < until; turn++) {
      List<URI> doors = entrances;
      URI door = doors.get(turn % doors.size());
      if (ask(door, models.get(model)) && !lost.contains(door)) {
        watching.answers.countDown();
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
    Watch watching = watch;
    var lines = new Lines(() -> begun(watching, server, model));
    try {
      var body = HttpResponse.BodyHandlers.fromLineSubscriber(lines, read -> read.lines, "\n");
      HttpResponse<List<String>> answer =
          http.sendAsync(request(server, model), body)
              .get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return judge(model, answer.statusCode(), answer.body());
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

  /** What a server says that is lost counts for nothing. */
  private void begun(Watch watching, URI server, String model) {
    if (!lost.contains(server)) {
      watching.firstToken(model);
    }
  }

  private boolean judge(String model, int status, List<String> lines)
      throws JsonProcessingException {
    if (status != 200) {
      error(Client.JSON.readTree(String.join("", lines)));
      return false;
    }
    List<String> events =
        lines.stream()
            .filter(line -> line.startsWith(DATA))
            .map(line -> line.substring(DATA.length()))
            .toList();
    for (String event : events) {
      if (event.startsWith(ERROR)) {
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
