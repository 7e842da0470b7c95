package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes in two JVMs on loopback: variants are spread over both, and both answer for all. */
class ClusterTest {
  /** Twice the interval of reports, and some. */
  private static final long NEWS_NANOS = 2_500_000_000L;

  private static final long METRICS_NANOS_MAX = 60_000_000_000L;

  @Test
  void every_node_answers_for_every_variant_wherever_it_lives() throws Exception {
    int seedPort = freePort();
    var seeds = Map.of("seed-nodes", "127.0.0.1:" + seedPort);
    try (var first = node(seeds, Map.of("port", seedPort));
        var second = node(seeds, Map.of("port", 0))) {
      assertServeTogether(first, second);
    }
  }

  @Test
  void a_variant_that_lives_nowhere_yet_goes_to_the_node_with_less_to_do() throws Exception {
    int seedPort = freePort();
    var seeds = Map.of("seed-nodes", "127.0.0.1:" + seedPort);
    // Each in a shard of its own.
    List<String> early = List.of("banking77", "banking77-lora", "sgd_chat");
    String late = "wikisql";
    try (var first = node(seeds, Map.of("port", seedPort));
        var second = node(seeds, Map.of("port", 0))) {
      var entrance = new Client(first.address());
      for (String tenant : early) {
        entrance.streamedText(Client.completion(tenant, "Hello", 1).put("stream", true));
      }
      Loaded loaded = awaitLoaded(first, second, early);
      Set<String> onFirst = loaded.onFirst();
      Set<String> onSecond = loaded.onSecond();
      assertThat(onFirst.size()).as("of three, on the first").isBetween(1, 2);
      boolean firstHasMore = onFirst.size() == 2;
      String busy = (firstHasMore ? onSecond : onFirst).iterator().next();
      var over = new AtomicBoolean();
      try (ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor()) {
        var crowd = new ArrayList<Future<?>>();
        try {
          for (int asker = 0; asker < 4; asker++) {
            crowd.add(askers.submit(() -> askUntil(over, first, busy)));
          }
          awaitNews(firstHasMore ? second : first);
          entrance.streamedText(Client.completion(late, "Hello", 1).put("stream", true));
        } finally {
          over.set(true);
        }
        for (Future<?> asker : crowd) {
          asker.get();
        }
      }
      Loaded last = awaitLoaded(first, second, List.of(late));
      assertThat(firstHasMore ? last.onFirst() : last.onSecond()).containsExactly(late);
    }
  }

  private static Void askUntil(AtomicBoolean over, ServerProcess node, String tenant)
      throws Exception {
    var client = new Client(node.address());
    while (!over.get()) {
      client.ask(
          "/v1/completions",
          Client.completion(tenant, "Hello", 100).put("ignore_eos", true).put("n", 8));
    }
    return null;
  }

  /** A node's device has had its sequences for so long that the others have been told of them. */
  private static void awaitNews(ServerProcess node) throws Exception {
    var client = new Client(node.address());
    long begun = System.nanoTime();
    long since = begun;
    while (System.nanoTime() - since < NEWS_NANOS) {
      if (client.metric("tributary_sequences_running") == 0) {
        since = System.nanoTime();
      }
      assertThat(System.nanoTime() - begun).isLessThan(METRICS_NANOS_MAX);
    }
  }

  /** Which of some variants lie on which of two nodes. */
  private record Loaded(Set<String> onFirst, Set<String> onSecond) {}

  /** Sampled once a second by each node, so asked for until each variant lies somewhere. */
  private static Loaded awaitLoaded(ServerProcess first, ServerProcess second, List<String> models)
      throws Exception {
    var toFirst = new Client(first.address());
    var toSecond = new Client(second.address());
    long deadline = System.nanoTime() + METRICS_NANOS_MAX;
    var loaded = new Loaded(Set.of(), Set.of());
    while (loaded.onFirst().size() + loaded.onSecond().size() < models.size()
        && System.nanoTime() < deadline) {
      loaded = new Loaded(toFirst.resident(models), toSecond.resident(models));
    }
    assertThat(loaded.onFirst().size() + loaded.onSecond().size())
        .as("%s", loaded)
        .isEqualTo(models.size());
    return loaded;
  }

  @Test
  void nodes_with_certificates_of_one_authority_talk_over_tls(@TempDir Path folder)
      throws Exception {
    Certificates certificates = Certificates.in(folder);
    int seedPort = freePort();
    var common =
        Map.of(
            "seed-nodes", "127.0.0.1:" + seedPort,
            "tls.key", certificates.key(),
            "tls.certificate", certificates.certificate(),
            "tls.authority", certificates.authority());
    try (var first = node(common, Map.of("port", seedPort));
        var second = node(common, Map.of("port", 0))) {
      assertServeTogether(first, second);
    }
  }

  @Test
  void nodes_that_start_together_find_each_other_by_discovery() throws Exception {
    int management = freePort();
    var common = Map.of("bootstrap.method", "config", "bootstrap.management-port", management);
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<ServerProcess> one =
          threads.submit(() -> node(common, Map.of("host", "127.0.0.1"), endpoints(management)));
      Future<ServerProcess> other =
          threads.submit(() -> node(common, Map.of("host", "127.0.0.2"), endpoints(management)));
      try (var first = one.get();
          var second = other.get()) {
        assertServeTogether(first, second);
      }
    }
  }

  @Test
  void a_gateway_without_weights_answers_by_an_executor(@TempDir Path folder) throws Exception {
    Path base = Files.createDirectory(folder.resolve("base"));
    for (String file : List.of("config.json", "tokenizer.json", "tokenizer_config.json")) {
      if (Files.exists(Repository.demo("base", file))) {
        Files.copy(Repository.demo("base", file), base.resolve(file));
      }
    }
    int seedPort = freePort();
    var seeds = Map.of("seed-nodes", "127.0.0.1:" + seedPort);
    try (var executor = node(seeds, Map.of("role", "executor", "port", seedPort));
        var gateway =
            node(
                seeds,
                Map.of("role", "gateway", "port", 0),
                "--set",
                "tributary.base.path=" + base)) {
      var body = Client.completion("arithmetic", "941 - 766 =", 16).put("stream", true);
      assertThat(new Client(gateway.address()).streamedText(body)).isEqualTo(" 175");
      assertThat(steps(executor)).as("steps that the executor computed").isPositive();
      assertThat(new Client(gateway.address()).metric("tributary_delta_loads_total"))
          .as("deltas that the gateway loaded")
          .isZero();
    }
  }

  private static void assertServeTogether(ServerProcess first, ServerProcess second)
      throws Exception {
    Map<String, String> answers = new HashMap<>();
    for (ServerProcess node : new ServerProcess[] {first, second}) {
      Client client = new Client(node.address());
      for (String tenant : Repository.DEMO_TENANTS) {
        var body =
            Client.completion(tenant, "User: Hello.\nAssistant:", 24)
                .put("stream", true)
                .put("ignore_eos", true);
        String text = client.streamedText(body);
        assertThat(answers.merge(tenant, text, (earlier, _) -> earlier)).isEqualTo(text);
      }
    }
    assertThat(steps(first)).as("steps that the first node computed").isPositive();
    assertThat(steps(second)).as("steps that the second node computed").isPositive();
  }

  /** Sampled once a second, so asked for until it shows. */
  private static double steps(ServerProcess node) throws Exception {
    Client client = new Client(node.address());
    long deadline = System.nanoTime() + METRICS_NANOS_MAX;
    double steps = client.metric("tributary_device_steps_total");
    while (steps == 0 && System.nanoTime() < deadline) {
      steps = client.metric("tributary_device_steps_total");
    }
    return steps;
  }

  /** The list that {@code akka.discovery.config} answers from. */
  private static String[] endpoints(int port) {
    var options = new ArrayList<String>();
    for (int i = 0; i < 2; i++) {
      String endpoint = "akka.discovery.config.services.tributary.endpoints." + i;
      options.addAll(
          List.of(
              "--set", endpoint + ".host=127.0.0." + (i + 1), "--set", endpoint + ".port=" + port));
    }
    return options.toArray(String[]::new);
  }

  private static ServerProcess node(Map<String, ?> common, Map<String, ?> own, String... more)
      throws IOException {
    var options = new ArrayList<>(List.of(more));
    for (Map<String, ?> settings : List.of(common, own)) {
      settings.forEach((key, value) ->
          options.addAll(List.of("--set", "tributary.cluster." + key + "=" + value)));
    }
    return ServerProcess.start(Repository.demo("tributary.conf"), options.toArray(String[]::new));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
