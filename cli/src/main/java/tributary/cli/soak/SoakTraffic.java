package tributary.cli.soak;

import akka.stream.javadsl.Sink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.DoubleAccumulator;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.actors.ColdStarts;
import tributary.actors.NodeLoad;
import tributary.actors.Tier;
import tributary.actors.TributaryNode;
import tributary.config.ServerConfig;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.Precision;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;
import tributary.protocol.Tokens;

/** Clients that ask without pause, change versions and leave early, until the run is over. */
final class SoakTraffic {
  /** Log-probabilities that are no further apart are the same numbers, summed in another order. */
  private static final double TOLERANCE = 1e-3;

  private static final double LEAVES_EARLY = 0.05;
  private static final double CHANGES_VERSION = 0.3;
  private static final long LOOKED_EVERY_MILLIS = 200;
  private static final int SAMPLES = 60;

  private static final Logger LOG = LoggerFactory.getLogger(SoakTraffic.class);

  private final SoakSettings settings;
  private final TributaryNode node;
  private final List<SoakTenant> tenants;
  private final List<Tokens> prompts;
  private final ServerConfig.Deltas budgets;
  private final List<SoakTenant> changing;
  private final double[] popularity;

  private final LongAdder answers = new LongAdder();
  private final LongAdder tokens = new LongAdder();
  private final LongAdder mixed = new LongAdder();
  private final LongAdder left = new LongAdder();
  private final LongAdder wrongTokens = new LongAdder();
  private final LongAdder wrongLogits = new LongAdder();
  private final DoubleAccumulator distance = new DoubleAccumulator(Math::max, 0);
  private final Map<String, LongAdder> failures = new ConcurrentHashMap<>();
  private final LongAdder upgrades = new LongAdder();
  private final LongAdder rollBacks = new LongAdder();
  private final List<ProcessMemory> samples = new ArrayList<>();
  private long hotMost;
  private long hotBytesMost;
  private long warmMost;
  private volatile boolean over;

  SoakTraffic(
      SoakSettings settings,
      TributaryNode node,
      List<SoakTenant> tenants,
      List<Tokens> prompts,
      ServerConfig.Deltas budgets) {
    this.settings = settings;
    this.node = node;
    this.tenants = tenants;
    this.prompts = prompts;
    this.budgets = budgets;
    changing = tenants.stream().filter(tenant -> tenant.second() != null).toList();
    popularity = new double[tenants.size()];
    double sum = 0;
    for (int i = 0; i < popularity.length; i++) {
      sum += Math.pow(i + 1, -settings.zipf());
      popularity[i] = sum;
    }
  }

  SoakReport run() throws InterruptedException {
    long begun = System.nanoTime();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> clients = new ArrayList<>();
      var seeds = new SplittableRandom(settings.seed());
      for (int client = 0; client < settings.clients(); client++) {
        SplittableRandom random = seeds.split();
        int number = client;
        clients.add(threads.submit(() -> ask(number, random)));
      }
      try {
        watch(begun, clients);
      } finally {
        over = true;
      }
      for (Future<?> client : clients) {
        ended(client);
      }
    }
    return report((System.nanoTime() - begun) / 1e9);
  }

  /** A client that failed is a defect of this program. */
  private static void ended(Future<?> client) throws InterruptedException {
    try {
      client.get();
    } catch (ExecutionException e) {
      throw new AssertionError("a client failed", e.getCause());
    }
  }

  private void watch(long begun, List<Future<?>> clients) throws InterruptedException {
    double between = Math.max(1, settings.seconds() / (double) SAMPLES);
    double nextSample = 0;
    double seconds = 0;
    long events = 0;
    while (seconds < settings.seconds() && events < settings.events()) {
      if (clients.stream().anyMatch(Future::isDone)) {
        return; // It failed, and is looked at next.
      }
      Thread.sleep(LOOKED_EVERY_MILLIS);
      NodeLoad load = node.load();
      events = events(load).sum();
      hotMost =
          Math.max(
              hotMost,
              load.deltas().values().stream()
                  .filter(delta -> delta.tier() == Tier.RESIDENT)
                  .count());
      hotBytesMost = Math.max(hotBytesMost, load.life().residency().device().count());
      warmMost = Math.max(warmMost, load.life().shelf().count());
      seconds = (System.nanoTime() - begun) / 1e9;
      if (seconds >= nextSample) {
        samples.add(ProcessMemory.now(seconds));
        nextSample += between;
      }
    }
  }

  private void ask(int client, SplittableRandom random) {
    for (long number = 0; !over; number++) {
      SoakTenant tenant = tenants.get(draw(random));
      // Only one client changes versions, so that it knows what is there.
      if (client == 0 && !changing.isEmpty() && random.nextDouble() < CHANGES_VERSION) {
        changeVersion(changing.get(random.nextInt(changing.size())));
      }
      int prompt = random.nextInt(prompts.size());
      boolean leaves = random.nextDouble() < LEAVES_EARLY;
      int reads = leaves ? 1 + random.nextInt(Soak.STOP.maxTokens() - 1) : Integer.MAX_VALUE;
      var request =
          new GenerationRequest(
              new RequestId("soak-" + client + "-" + number),
              tenant.id(),
              prompts.get(prompt),
              Soak.SAMPLING,
              Soak.STOP);
      List<TokenEvent> events =
          Soak.await(
              node.generation().generate(request).take(reads).runWith(Sink.seq(), node.system()));
      take(tenant, prompt, events);
    }
  }

  private int draw(SplittableRandom random) {
    double point = random.nextDouble() * popularity[popularity.length - 1];
    int found = Arrays.binarySearch(popularity, point);
    return Math.min(popularity.length - 1, found < 0 ? -found - 1 : found + 1);
  }

  private void changeVersion(SoakTenant tenant) {
    boolean hasTwo =
        node.admin().all().stream()
            .anyMatch(found -> found.name().equals(tenant.id()) && found.versions().size() > 1);
    if (hasTwo) {
      Soak.await(node.admin().rollBack(tenant.id()));
      rollBacks.increment();
    } else {
      Soak.await(node.admin().register(tenant.id(), Objects.requireNonNull(tenant.second())));
      upgrades.increment();
    }
  }

  private void take(SoakTenant tenant, int prompt, List<TokenEvent> events) {
    var draws = new ArrayList<Answer.Draw>();
    @Nullable Precision precision = null;
    boolean whole = false;
    for (TokenEvent event : events) {
      switch (event) {
        case TokenEvent.Token token ->
            draws.add(
                OfflineAnswers.draw(
                    token.token(), Objects.requireNonNull(token.logprob()), token.top()));
        case TokenEvent.PromptRead _ -> {} // Was not asked for.
        case TokenEvent.Finished finished -> {
          whole = true;
          precision = finished.usage().precision();
        }
        case TokenEvent.Failed failed -> {
          failures
              .computeIfAbsent(failed.refusal().code().wireName(), _ -> new LongAdder())
              .increment();
          return;
        }
      }
    }
    tokens.add(draws.size());
    left.add(whole ? 0 : 1);
    var comparison = tenant.compare(prompt, new Answer(draws), precision);
    judge(comparison);
    if (comparison.verdict() == SoakTenant.Verdict.OTHER_TOKENS) {
      LOG.error(
          "{} of {} planes, precision {}: {}", tenant.id(), tenant.planes(), precision, draws);
    }
  }

  private void judge(SoakTenant.Comparison comparison) {
    distance.accumulate(comparison.distance());
    switch (comparison.verdict()) {
      case SAME -> answers.increment();
      case OTHER_LOGITS -> {
        answers.increment();
        wrongLogits.add(comparison.distance() > TOLERANCE ? 1 : 0);
      }
      case OTHER_TOKENS -> {
        answers.increment();
        wrongTokens.increment();
      }
      case MIXED_WIDTHS -> mixed.increment();
    }
  }

  private SoakReport.Events events(NodeLoad load) {
    NodeLoad.Life life = load.life();
    long evictions =
        load.deltas().values().stream().mapToLong(delta -> delta.precision().evictions()).sum();
    return new SoakReport.Events(
        life.residency().loads(),
        life.shelf().found(),
        life.residency().evictions(),
        evictions,
        life.residency().planesDropped(),
        life.kv().pagesReused(),
        life.kv().sequencesHelped(),
        load.sequences().preemptions(),
        upgrades.sum(),
        rollBacks.sum());
  }

  private SoakReport report(double seconds) {
    NodeLoad load = node.load();
    var failed = new TreeMap<String, Long>();
    failures.forEach((code, count) -> failed.put(code, count.sum()));
    return new SoakReport(
        settings,
        seconds,
        answers.sum(),
        tokens.sum(),
        mixed.sum(),
        left.sum(),
        wrongTokens.sum(),
        wrongLogits.sum(),
        distance.get(),
        failed,
        events(load),
        coldStart(load.life().starts()),
        new SoakReport.Budgets(
            budgets.memory().count(),
            hotBytesMost,
            hotMost,
            budgets.warmMemory().count(),
            warmMost),
        SoakReport.Memory.of(samples));
  }

  private static SoakReport.ColdStart coldStart(ColdStarts starts) {
    return new SoakReport.ColdStart(
        starts.count(),
        mean(starts.queue(), starts.count()),
        mean(starts.read(), starts.count()),
        mean(starts.verify(), starts.count()),
        mean(starts.transfer(), starts.count()),
        mean(starts.firstStep(), starts.count()));
  }

  private static double mean(Nanos sum, long count) {
    return count == 0 ? 0 : 1e3 * sum.seconds() / count;
  }
}
