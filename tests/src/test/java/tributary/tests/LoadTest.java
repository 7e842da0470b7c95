package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Many readers of a real server: quick ones, slow ones, and ones that go away. */
class LoadTest {
  private static final int QUICK = 40;
  private static final int SLOW = 12;
  private static final int LEAVING = 12;
  private static final int TOKENS = 64;

  /** Enough events to fill every buffer between the batch and a reader that does not read. */
  private static final int TOKENS_OF_THE_SLOW = 900;

  private static final int ROUNDS = 3;
  private static final long HEAP_GROWTH_BYTES_MAX = 8L << 20;
  private static final String PROMPT = "User: I would like to see a film.\nAssistant:";
  private static final Pattern HISTOGRAM_TOTAL = Pattern.compile("Total\\s+\\d+\\s+(\\d+)");

  private static ServerProcess server;
  private static Client client;

  @BeforeAll
  static void start() throws IOException {
    // The slow ones read nothing until the others are done, however long that takes here.
    server =
        ServerProcess.start(
            Repository.demo("tributary.conf"), "--set", "tributary.streaming.slow-reader-max=10m");
    client = new Client(server.address());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void slow_and_leaving_readers_cost_the_others_nothing_and_everything_is_given_back()
      throws Exception {
    Map<String, String> quickTexts = textsAlone(TOKENS);
    Map<String, String> slowTexts = textsAlone(TOKENS_OF_THE_SLOW);
    List<Long> heapBytes = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      round(quickTexts, slowTexts);
      awaitFreePages();
      heapBytes.add(liveHeapBytes());
    }

    assertThat(heapBytes.getLast() - heapBytes.get(1))
        .as("growth of the live heap after the second round, of %s", heapBytes)
        .isLessThan(HEAP_GROWTH_BYTES_MAX);
  }

  private static void round(Map<String, String> quickTexts, Map<String, String> slowTexts)
      throws Exception {
    List<RawStream> slow = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int reader = 0; reader < SLOW; reader++) {
        slow.add(open(tenant(reader), TOKENS_OF_THE_SLOW));
      }
      List<Future<String>> texts = new ArrayList<>();
      for (int reader = 0; reader < QUICK; reader++) {
        ObjectNode body = endless(tenant(reader), TOKENS);
        texts.add(threads.submit(() -> client.streamedText(body)));
      }
      List<Callable<Boolean>> leaving = new ArrayList<>();
      for (int reader = 0; reader < LEAVING; reader++) {
        String tenant = tenant(reader);
        leaving.add(() -> leaveAfterTheFirstEvent(tenant));
      }
      for (Future<Boolean> left : threads.invokeAll(leaving)) {
        assertThat(left.get()).isTrue();
      }
      for (int reader = 0; reader < QUICK; reader++) {
        assertThat(texts.get(reader).get()).isEqualTo(quickTexts.get(tenant(reader)));
      }
      // Only now do the slow ones read: nobody waited for them, and they have lost nothing.
      for (int reader = 0; reader < SLOW; reader++) {
        assertThat(Client.text(slow.get(reader).rest())).isEqualTo(slowTexts.get(tenant(reader)));
      }
    } finally {
      for (RawStream stream : slow) {
        stream.close();
      }
    }
  }

  private static boolean leaveAfterTheFirstEvent(String tenant) throws IOException {
    try (RawStream stream = open(tenant, TOKENS_OF_THE_SLOW)) {
      return !stream.next().isEmpty();
    }
  }

  private static RawStream open(String tenant, int tokens) throws IOException {
    return RawStream.open(server.address(), "/v1/completions", endless(tenant, tokens).toString());
  }

  private static Map<String, String> textsAlone(int tokens) throws Exception {
    Map<String, String> texts = new HashMap<>();
    for (String tenant : Repository.DEMO_TENANTS) {
      texts.put(tenant, client.streamedText(endless(tenant, tokens)));
    }
    return texts;
  }

  private static ObjectNode endless(String tenant, int tokens) {
    return Client.completion(tenant, PROMPT, tokens).put("stream", true).put("ignore_eos", true);
  }

  private static String tenant(int reader) {
    return Repository.DEMO_TENANTS.get(reader % Repository.DEMO_TENANTS.size());
  }

  private static void awaitFreePages() throws Exception {
    long deadline = System.nanoTime() + 30_000_000_000L;
    double used = client.metric("vllm:kv_cache_usage_perc");
    while (used > 0 && System.nanoTime() < deadline) {
      used = client.metric("vllm:kv_cache_usage_perc");
    }
    assertThat(used).as("share of KV pages in use after everyone is gone").isZero();
  }

  /** Bytes of live objects in the server, after a full collection. */
  private static long liveHeapBytes() throws Exception {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    Process process =
        new ProcessBuilder(jcmd.toString(), Long.toString(server.pid()), "GC.class_histogram")
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Matcher total = HISTOGRAM_TOTAL.matcher(output);
    assertThat(total.find()).as(output).isTrue();
    return Long.parseLong(total.group(1));
  }
}
