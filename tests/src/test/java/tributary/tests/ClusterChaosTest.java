package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Three nodes, 200 readers, and what may go wrong: a node is killed, one leaves, all are replaced
 * by a newer version one after the other, and the network falls apart and heals.
 */
class ClusterChaosTest {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterChaosTest.class);
  private static final int READERS = 200;
  private static final int TOKENS = 4;
  private static final String PROMPT = "Hello";
  private static final List<String> MODELS = models();
  private static final Map<String, Integer> ONCE_EACH =
      MODELS.stream().collect(Collectors.toMap(model -> model, _ -> 1));
  private static final String OLD = "1.0.0";
  private static final String NEW = "1.1.0";

  /** From a loss until every tenant is served again, beside the time that an answer takes. */
  private static final Duration SERVED_AGAIN_MAX = Duration.ofSeconds(10);

  /** For the load of the variant, and for a machine with other work. */
  private static final Duration SERVED_AGAIN_MARGIN = Duration.ofSeconds(5);

  private static final Duration DEADLINE = Duration.ofSeconds(60);
  private static final Duration DRAIN = Duration.ofSeconds(20);
  private static final Duration HUNG = DEADLINE.plusSeconds(5);
  private static final List<String> SETTINGS =
      List.of(
          "tributary.device.threads=1",
          "tributary.http.request-deadline=" + DEADLINE.toSeconds() + "s",
          "tributary.http.drain-max=" + DRAIN.toSeconds() + "s");

  @Test
  void every_request_ends_well_or_with_an_error_whatever_becomes_of_the_nodes() throws Exception {
    long began = System.nanoTime();
    try (var fleet = Fleet.start(3, OLD, SETTINGS)) {
      report("three nodes are up", began);
      Map<String, String> expected = undisturbed(fleet);
      var crowd = new Crowd(expected, PROMPT, TOKENS, HUNG, entrances(fleet, 0, 1, 2));
      try {
        crowd.come(READERS);
        kill(fleet, crowd, 2);
        replace(fleet, crowd, 0);
        replace(fleet, crowd, 1);
        isolate(fleet, crowd, 2);
        assertEachModelLivesOnce(fleet);
      } finally {
        crowd.leave();
      }
      Crowd.Tally tally = crowd.tally();
      report("all is over with " + tally, began);
      assertThat(tally.complaints()).isEmpty();
      assertThat(tally.whole()).isGreaterThan(2 * READERS);
      killAtRest(fleet, expected);
    }
  }

  /** Nobody else asks, so that what is measured is the cluster's own time and a load. */
  private static void killAtRest(Fleet fleet, Map<String, String> expected) throws Exception {
    ServerProcess victim = fleet.living().getFirst();
    Set<String> lost = resident(victim);
    for (ServerProcess node : fleet.living()) {
      Set<String> here = resident(node);
      if (here.size() > lost.size()) {
        victim = node;
        lost = here;
      }
    }
    assertThat(lost).as("models on the node that dies").isNotEmpty();
    long began = System.nanoTime();
    victim.kill();
    var survivor = new Client(fleet.living().getFirst().address());
    var times = new TreeMap<Duration, String>();
    try (var askers = Executors.newVirtualThreadPerTaskExecutor()) {
      var answers = new HashMap<String, Future<Duration>>();
      for (String model : lost) {
        String text = expected.getOrDefault(model, "");
        answers.put(model, askers.submit(() -> servedAgain(survivor, model, text, began)));
      }
      for (var answer : answers.entrySet()) {
        times.put(answer.getValue().get(), answer.getKey());
      }
    }
    LOG.info("after a kill at rest its models are served in {}", times);
    assertThat(times.lastKey()).isLessThan(SERVED_AGAIN_MAX.plus(SERVED_AGAIN_MARGIN));
  }

  private static Duration servedAgain(Client client, String model, String text, long began)
      throws Exception {
    while (true) {
      try {
        assertThat(client.streamedText(Crowd.body(model, PROMPT, TOKENS))).isEqualTo(text);
        return Duration.ofNanos(System.nanoTime() - began);
      } catch (AssertionError refused) {
        if (System.nanoTime() - began > HUNG.toNanos()) {
          throw refused;
        }
      }
    }
  }

  /** The process is gone from one moment to the next; a newer one takes its place. */
  private static void kill(Fleet fleet, Crowd crowd, int victim) throws Exception {
    Crowd.Service before = crowd.awaitService(HUNG);
    crowd.lose(fleet.node(victim).address());
    crowd.enterBy(entrances(fleet, others(victim)));
    fleet.node(victim).kill();
    awaitServedAgain(crowd, "a kill", before, Duration.ZERO);
    long began = System.nanoTime();
    fleet.start(victim, NEW);
    report("a newer node is up", began);
    crowd.enterBy(entrances(fleet, 0, 1, 2));
  }

  /** The process is told to end, ends its streams and hands its variants over. */
  private static void replace(Fleet fleet, Crowd crowd, int leaving) throws Exception {
    Crowd.Service before = crowd.awaitService(HUNG);
    crowd.enterBy(entrances(fleet, others(leaving)));
    fleet.node(leaving).terminate();
    // What it had taken before, it may finish; what it cannot finish, another serves after that.
    awaitServedAgain(crowd, "a graceful leave", before, DRAIN);
    assertThat(fleet.node(leaving).awaitEnd()).as("exit status after SIGTERM").isIn(0, 143);
    long began = System.nanoTime();
    fleet.start(leaving, NEW);
    report("a newer node is up", began);
    crowd.enterBy(entrances(fleet, 0, 1, 2));
  }

  /** The oldest node, which decides where variants live, sees the other two no more. */
  private static void isolate(Fleet fleet, Crowd crowd, int oldest) throws Exception {
    Crowd.Service before = crowd.awaitService(HUNG);
    URI island = fleet.node(oldest).address();
    crowd.lose(island); // Until the island gives up, readers enter by it, too.
    fleet.wires().isolate(Set.of(fleet.host(oldest)));
    awaitServedAgain(crowd, "a partition", before, Duration.ZERO);
    fleet.wires().heal();
    crowd.enterBy(entrances(fleet, others(oldest)));
    fleet.node(oldest).awaitEnd();
    assertEachModelLivesOnce(fleet);
    long began = System.nanoTime();
    fleet.start(oldest, NEW);
    report("the isolated node is back", began);
    crowd.enterBy(entrances(fleet, 0, 1, 2));
    crowd.awaitService(HUNG);
  }

  /**
   * @param before how long it took just before; under this load it varies, hence thrice
   * @param drain how long what was taken before may still be served where it was
   */
  private static void awaitServedAgain(
      Crowd crowd, String after, Crowd.Service before, Duration drain) throws InterruptedException {
    Crowd.Service again =
        crowd.awaitService(SERVED_AGAIN_MAX.plus(drain).plus(before.answers().multipliedBy(3)));
    LOG.info("after {} all are served again: {}; undisturbed {}", after, again, before);
    assertThat(again.firstTokens())
        .as("until each model's first token after %s", after)
        .isLessThan(SERVED_AGAIN_MAX.plus(drain).plus(before.firstTokens().multipliedBy(3)));
  }

  /**
   * The readers keep all models in use, so a second home of one would hold it for good. Asked until
   * it shows, for the figures are samples.
   */
  private static void assertEachModelLivesOnce(Fleet fleet) throws Exception {
    Map<String, Integer> homes = homes(fleet);
    long began = System.nanoTime();
    while (!homes.equals(ONCE_EACH) && System.nanoTime() - began < HUNG.toNanos()) {
      homes = homes(fleet);
    }
    assertThat(homes).as("nodes on which each model lives").isEqualTo(ONCE_EACH);
    LOG.info("nodes on which each model lives: {}", homes);
  }

  private static Map<String, Integer> homes(Fleet fleet) throws Exception {
    var homes = new TreeMap<String, Integer>();
    for (ServerProcess node : fleet.living()) {
      Set<String> resident = resident(node);
      for (String model : MODELS) {
        homes.merge(model, resident.contains(model) ? 1 : 0, Integer::sum);
      }
    }
    return homes;
  }

  private static Set<String> resident(ServerProcess node) throws Exception {
    return new Client(node.address()).resident(MODELS);
  }

  private static int[] others(int node) {
    return IntStream.range(0, 3).filter(other -> other != node).toArray();
  }

  private static List<URI> entrances(Fleet fleet, int... nodes) {
    return IntStream.of(nodes).mapToObj(node -> fleet.node(node).address()).toList();
  }

  /** What each model says when nothing happens, the same on every node. */
  private static Map<String, String> undisturbed(Fleet fleet) throws Exception {
    var texts = new HashMap<String, String>();
    for (ServerProcess node : fleet.living()) {
      var client = new Client(node.address());
      for (String model : MODELS) {
        String text = client.streamedText(Crowd.body(model, PROMPT, TOKENS));
        assertThat(texts.merge(model, text, (earlier, _) -> earlier)).isEqualTo(text);
      }
    }
    return texts;
  }

  private static List<String> models() {
    var models = new ArrayList<>(Repository.DEMO_TENANTS);
    models.add("base");
    return List.copyOf(models);
  }

  private static void report(String what, long since) {
    LOG.info("{} after {} ms", what, (System.nanoTime() - since) / 1_000_000);
  }
}
