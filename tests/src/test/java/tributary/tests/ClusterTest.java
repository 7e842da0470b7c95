package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Two nodes in two JVMs on loopback: variants are spread over both, and both answer for all. */
class ClusterTest {
  private static final long METRICS_NANOS_MAX = 10_000_000_000L;
  private static ServerProcess first;
  private static ServerProcess second;

  @BeforeAll
  static void start() throws IOException {
    int seedPort = freePort();
    first = node(seedPort, seedPort);
    second = node(seedPort, 0);
  }

  @AfterAll
  static void stop() {
    second.close();
    first.close();
  }

  @Test
  void every_node_answers_for_every_variant_wherever_it_lives() throws Exception {
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

  private static ServerProcess node(int seedPort, int port) throws IOException {
    return ServerProcess.start(
        Repository.demo("tributary.conf"),
        "--set",
        "tributary.cluster.port=" + port,
        "--set",
        "tributary.cluster.seed-nodes=127.0.0.1:" + seedPort);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
