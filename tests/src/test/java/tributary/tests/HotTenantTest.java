package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes in two JVMs, and one tenant that asks for more than one of them is to bear. */
class HotTenantTest {
  private static final String HOT = "hot";
  private static final String PROMPT = "941 - 766 =";
  private static final int PLANES = 4; // Of the demo's embeddings, which have the most.
  private static final int ASKERS = 4;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** Half of what the askers have waiting for them at any time would be enough. */
  private static final List<String> EAGER =
      List.of(
          "tributary.cluster.replicas.grow-tokens=200",
          "tributary.cluster.replicas.grow-after=500ms",
          "tributary.cluster.replicas.shrink-after=2s");

  private interface Condition {
    boolean holds() throws IOException, InterruptedException;
  }

  @Test
  void a_hot_tenant_is_served_by_both_nodes_upgraded_on_both_and_by_one_when_it_has_cooled_down(
      @TempDir Path folder) throws Exception {
    int seedPort = freePort();
    try (var first = node(folder, seedPort, seedPort);
        var second = node(folder, seedPort, 0);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var nodes = List.of(new Client(first.address()), new Client(second.address()));
      String sums = answer(nodes.getFirst(), "arithmetic");
      String queries = answer(nodes.getFirst(), "wikisql");
      assertThat(sums).isEqualTo(" 175").isNotEqualTo(queries);

      register(nodes.getFirst(), "arithmetic");
      await("both nodes know the tenant", () -> isServed(nodes.getLast()));
      var over = new AtomicBoolean();
      var crowd = new ArrayList<Future<?>>();
      try {
        for (int asker = 0; asker < ASKERS; asker++) {
          Client entrance = nodes.get(asker % nodes.size());
          crowd.add(threads.submit(() -> askUntil(over, entrance)));
        }
        awaitReplicas(nodes, 1);
        awaitBothServe(nodes);
        for (Client node : nodes) {
          assertThat(answer(node, HOT)).isEqualTo(sums);
        }

        String version = register(nodes.getFirst(), "wikisql");
        for (Client node : nodes) {
          await("the upgrade is known", () -> version(node).equals(version));
          await("the upgrade is served", () -> answer(node, HOT).equals(queries));
          for (int i = 0; i < 5; i++) {
            assertThat(answer(node, HOT)).as("after the upgrade").isEqualTo(queries);
          }
        }
        for (Client node : nodes) {
          await("each node loaded both versions", () -> figure(node, "loads_total") >= 2);
        }
        awaitReplicas(nodes, 1);
        awaitBothServe(nodes);
      } finally {
        over.set(true);
      }
      for (Future<?> asker : crowd) {
        asker.get();
      }
      awaitReplicas(nodes, 0);
      await(
          "one node has it loaded",
          () -> nodes.stream().mapToDouble(node -> metric(node, "resident")).sum() == 1);
      for (Client node : nodes) {
        assertThat(answer(node, HOT)).isEqualTo(queries);
      }
    }
  }

  private static Void askUntil(AtomicBoolean over, Client entrance) throws Exception {
    while (!over.get()) {
      entrance.ask(
          "/v1/completions",
          Client.completion(HOT, PROMPT, 100).put("ignore_eos", true).put("n", 8));
    }
    return null;
  }

  /** Each node's device takes sequences that it had not taken when this was called. */
  private static void awaitBothServe(List<Client> nodes) throws Exception {
    for (Client node : nodes) {
      double before = figure(node, "sequences_total");
      await("a node serves the tenant", () -> figure(node, "sequences_total") > before);
    }
  }

  /** As each node tells admins and dashboards. */
  private static void awaitReplicas(List<Client> nodes, int count) throws Exception {
    for (Client node : nodes) {
      await(
          "replicas are " + count,
          () ->
              figure(node, "replicas") == count
                  && Client.JSON
                          .readTree(node.get("/admin/models/" + HOT).body())
                          .get("replicas")
                          .asInt()
                      == count);
    }
  }

  private static double metric(Client node, String figure) {
    try {
      return figure(node, figure);
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** One of the tenant's own, which a node samples once a second. */
  private static double figure(Client node, String figure)
      throws IOException, InterruptedException {
    String series = "tributary_delta_%s{engine=\"0\",model_name=\"%s\"} ".formatted(figure, HOT);
    return node.get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(series))
        .mapToDouble(line -> Double.parseDouble(line.substring(series.length())))
        .sum();
  }

  private static String answer(Client node, String model) throws IOException, InterruptedException {
    return node.streamedText(Client.completion(model, PROMPT, 16).put("stream", true));
  }

  /**
   * Makes the delta of a tenant of the demo the newest version; gives that. It is never served at
   * less than all its planes, so that answers are the same from the first on.
   */
  private static String register(Client node, String tenant) throws Exception {
    var body =
        Client.JSON
            .createObjectNode()
            .put("delta", Repository.delta(tenant).toString())
            .put("precision_floor", PLANES);
    var response = node.put("/admin/models/" + HOT, body.toString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return Client.JSON.readTree(response.body()).get("version").asText();
  }

  private static boolean isServed(Client node) throws IOException, InterruptedException {
    return node.get("/v1/models").body().contains('"' + HOT + '"');
  }

  private static String version(Client node) throws IOException, InterruptedException {
    return Client.JSON.readTree(node.get("/admin/models/" + HOT).body()).get("version").asText();
  }

  private static void await(String what, Condition condition) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.holds()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
    }
  }

  private static ServerProcess node(Path folder, int seedPort, int port) throws IOException {
    var options = new ArrayList<String>();
    var settings =
        new ArrayList<>(
            List.of(
                "tributary.cluster.seed-nodes=127.0.0.1:" + seedPort,
                "tributary.cluster.port=" + port,
                "tributary.deltas.store=" + folder.resolve("store")));
    settings.addAll(EAGER);
    settings.forEach(setting -> options.addAll(List.of("--set", setting)));
    return ServerProcess.start(Repository.demo("tributary.conf"), options.toArray(String[]::new));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
