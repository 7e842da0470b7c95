package tributary.cli.soak;

import akka.stream.javadsl.Sink;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import tributary.actors.ColdStarts;
import tributary.actors.NodeLoad;
import tributary.actors.Tier;
import tributary.actors.TributaryNode;
import tributary.config.Loaded;
import tributary.config.ServerConfig;
import tributary.protocol.DeltaId;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.TokenEvent;
import tributary.protocol.Tokens;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.Frames;

/**
 * How long the first token of a variant takes whose file is on disk only: of a delta with several
 * planes that is served with the first while the others follow, and of one that has no others. Asks
 * a running node, in turns.
 */
public final class ColdStartBenchmark {
  private static final DeltaId ALL_PLANES = new DeltaId("all-planes");
  private static final DeltaId FIRST_PLANE = new DeltaId("first-plane");
  private static final Tokens PROMPT = Tokens.of("cold".chars().toArray());
  private static final int WARM_UP_ROUNDS = 5;
  private static final long LOOKED_EVERY_MILLIS = 10;
  private static final int LOOKS_MAX = 3_000;

  /**
   * What to measure.
   *
   * @param planes of the delta that has several
   * @param framed whether planes are stored as zstd frames
   */
  public record Settings(
      int hidden, int layers, int planes, boolean framed, int rounds, long seed) {}

  /** One start, in milliseconds. */
  public record Start(
      double firstToken,
      double queue,
      double read,
      double verify,
      double transfer,
      double firstStep) {
    private static Start of(double firstToken, ColdStarts before, ColdStarts after) {
      return new Start(
          firstToken,
          milliseconds(before.queue(), after.queue()),
          milliseconds(before.read(), after.read()),
          milliseconds(before.verify(), after.verify()),
          milliseconds(before.transfer(), after.transfer()),
          milliseconds(before.firstStep(), after.firstStep()));
    }

    private static double milliseconds(Nanos before, Nanos after) {
      return 1e3 * after.minus(before).seconds();
    }

    private static Start medians(List<Start> starts) {
      return new Start(
          median(starts, Start::firstToken),
          median(starts, Start::queue),
          median(starts, Start::read),
          median(starts, Start::verify),
          median(starts, Start::transfer),
          median(starts, Start::firstStep));
    }

    private static double median(List<Start> starts, ToDoubleFunction<Start> part) {
      double[] sorted = starts.stream().mapToDouble(part).sorted().toArray();
      return sorted[sorted.length / 2];
    }
  }

  /**
   * Medians over the rounds; the JSON names are stable.
   *
   * @param ratio of the first tokens' times
   * @param ratioOfLeast of the shortest times, which other programs on the machine disturb least
   */
  public record Report(
      Settings settings,
      long fileBytes,
      long firstPlaneFileBytes,
      Start allPlanes,
      Start firstPlane,
      double ratio,
      double ratioOfLeast) {}

  private final Settings settings;
  private final TributaryNode node;
  private final Path store;
  private int asked;

  private ColdStartBenchmark(Settings settings, TributaryNode node, Path store) {
    this.settings = settings;
    this.node = node;
    this.store = store;
  }

  /** Runs in a directory of its own below {@code scratch}, which must be on a disk. */
  public static Report run(Settings settings, Path scratch)
      throws IOException, InterruptedException {
    try (ScratchDirectory directory = ScratchDirectory.below(scratch)) {
      Path base =
          TinyBase.write(
              directory.path().resolve("base"),
              new TinyBase.Size(settings.hidden, settings.layers),
              settings.seed);
      Path all = directory.path().resolve("all.delta");
      Path first = directory.path().resolve("first.delta");
      Frames frames = settings.framed ? Frames.ZSTD : Frames.NONE;
      try (Checkpoint checkpoint = Checkpoint.open(base)) {
        TinyDelta.write(all, checkpoint, settings.planes, settings.seed, frames);
        TinyDelta.write(first, checkpoint, 1, settings.seed, frames);
      }
      Path store = directory.path().resolve("store");
      Loaded config = config(base, store);
      try (TributaryNode node = TributaryNode.start(config.server(), config.raw())) {
        Soak.await(node.whenReady());
        Soak.await(node.admin().register(ALL_PLANES, all));
        Soak.await(node.admin().register(FIRST_PLANE, first));
        return new ColdStartBenchmark(settings, node, store).measure(all, first);
      }
    }
  }

  private static Loaded config(Path base, Path store) {
    return ServerConfig.parse(
        """
        tributary {
          base { path = %s }
          http { port = 0 }
          device { backend = cpu }
          deltas { store = %s, idle-unload = 100 ms, warm-memory = 1 KiB }
        }
        akka.loglevel = WARNING
        akka.coordinated-shutdown.run-by-jvm-shutdown-hook = off
        """
            .formatted(ScratchDirectory.quoted(base), ScratchDirectory.quoted(store)));
  }

  private Report measure(Path all, Path first) throws InterruptedException {
    List<Start> ofAll = new ArrayList<>();
    List<Start> ofFirst = new ArrayList<>();
    for (int round = -WARM_UP_ROUNDS; round < settings.rounds; round++) {
      Start firstPlane = start(FIRST_PLANE);
      Start allPlanes = start(ALL_PLANES);
      if (round >= 0) {
        ofFirst.add(firstPlane);
        ofAll.add(allPlanes);
      }
    }
    Start medianOfAll = Start.medians(ofAll);
    Start medianOfFirst = Start.medians(ofFirst);
    return new Report(
        settings,
        all.toFile().length(),
        first.toFile().length(),
        medianOfAll,
        medianOfFirst,
        medianOfAll.firstToken / medianOfFirst.firstToken,
        least(ofAll) / least(ofFirst));
  }

  private static double least(List<Start> starts) {
    return starts.stream().mapToDouble(Start::firstToken).min().orElseThrow();
  }

  private Start start(DeltaId id) throws InterruptedException {
    awaitCold(id);
    for (Path object : objects()) {
      PageCache.forget(object);
    }
    ColdStarts before = node.load().life().starts();
    var request =
        new GenerationRequest(
            new RequestId("cold-" + asked++),
            id,
            PROMPT,
            Sampling.GREEDY,
            new StopRule(1, 0, Set.of()));
    long begun = System.nanoTime();
    double[] firstToken = {0};
    List<TokenEvent> events =
        Soak.await(
            node.generation()
                .generate(request)
                .map(event -> {
                  if (event instanceof TokenEvent.Token) {
                    firstToken[0] = (System.nanoTime() - begun) / 1e6;
                  }
                  return event;
                })
                .runWith(Sink.seq(), node.system()));
    if (!(events.getLast() instanceof TokenEvent.Finished)) {
      throw new AssertionError("a start failed: " + events);
    }
    return Start.of(firstToken[0], before, node.load().life().starts());
  }

  private List<Path> objects() {
    return Arrays.stream(Objects.requireNonNull(store.resolve("objects").toFile().listFiles()))
        .map(java.io.File::toPath)
        .toList();
  }

  private void awaitCold(DeltaId id) throws InterruptedException {
    for (int look = 0; look < LOOKS_MAX; look++) {
      NodeLoad.DeltaLoad delta = node.load().deltas().get(id);
      if (delta == null || delta.tier() == Tier.COLD) {
        return;
      }
      Thread.sleep(LOOKED_EVERY_MILLIS);
    }
    throw new AssertionError(id + " does not become cold");
  }
}
