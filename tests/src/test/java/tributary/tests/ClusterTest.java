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
    double firstTokens = new Client(first.address()).metric("tributary_device_tokens_total");
    double secondTokens = new Client(second.address()).metric("tributary_device_tokens_total");
    assertThat(firstTokens).as("tokens that the first node computed").isPositive();
    assertThat(secondTokens).as("tokens that the second node computed").isPositive();
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
