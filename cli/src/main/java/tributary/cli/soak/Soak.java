package tributary.cli.soak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tributary.actors.ModelAdmin;
import tributary.actors.TributaryNode;
import tributary.config.Loaded;
import tributary.config.ServerConfig;
import tributary.model.DeltaOutline;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.Tokens;
import tributary.tensor.container.Checkpoint;

/** One run: makes base and deltas, decodes them offline, serves them and compares. */
public final class Soak {
  /** Output tokens of an answer. */
  static final StopRule STOP = new StopRule(8, 0, Set.of());

  static final Sampling SAMPLING = new Sampling(0, 0, 1, 0, 0, 1, 0, 0, java.util.Map.of(), 5);

  private static final int PAGE_TOKENS = 8;

  private final SoakSettings settings;
  private final Path directory;
  private final List<SoakTenant> tenants;
  private final List<Tokens> prompts;

  private Soak(SoakSettings settings, Path directory) {
    this.settings = settings;
    this.directory = directory;
    Path deltas = directory.resolve("deltas");
    tenants =
        IntStream.range(0, settings.tenants())
            .mapToObj(number -> SoakTenant.numbered(number, deltas))
            .toList();
    prompts = prompts();
  }

  /**
   * Runs in a directory of its own below {@code scratch}, which is gone afterwards.
   *
   * @throws IOException when files cannot be written
   */
  public static SoakReport run(SoakSettings settings, Path scratch)
      throws IOException, InterruptedException {
    try (ScratchDirectory directory = ScratchDirectory.below(scratch)) {
      return new Soak(settings, directory.path()).run();
    }
  }

  private SoakReport run() throws IOException, InterruptedException {
    Path base = TinyBase.write(directory.resolve("base"), TinyBase.Size.SMALLEST, settings.seed());
    writeDeltas(base);
    decodeOffline(base);
    Loaded config = config(base);
    try (TributaryNode node = TributaryNode.start(config.server(), config.raw())) {
      await(node.whenReady());
      register(node);
      return new SoakTraffic(settings, node, tenants, prompts, config.server().deltas()).run();
    }
  }

  private void writeDeltas(Path base) throws IOException {
    Files.createDirectories(directory.resolve("deltas"));
    try (Checkpoint checkpoint = Checkpoint.open(base)) {
      for (int i = 0; i < tenants.size(); i++) {
        SoakTenant tenant = tenants.get(i);
        TinyDelta.write(tenant.first(), checkpoint, tenant.planes(), settings.seed() + 2L * i);
        if (tenant.second() != null) {
          TinyDelta.write(
              tenant.second(), checkpoint, tenant.planes(), settings.seed() + 2L * i + 1);
        }
      }
    }
  }

  private void decodeOffline(Path base) {
    try (OfflineAnswers offline = new OfflineAnswers(base)) {
      for (SoakTenant tenant : tenants) {
        var versions = new ArrayList<>(List.of(tenant.first()));
        if (tenant.second() != null) {
          versions.add(tenant.second());
        }
        for (Path version : versions) {
          for (int width : tenant.widths()) {
            var answers = offline.of(version, width, prompts, SAMPLING, STOP);
            tenant.answers().add(new SoakTenant.Variation(width, answers));
          }
        }
      }
    }
  }

  /**
   * Prompts that all tenants share, and that begin alike: a wrong prefix would be taken at once.
   */
  private static List<Tokens> prompts() {
    String beginning = "Streams of many tenants run over one river bed; ";
    return Stream.of("one", "another")
        .map(end -> (beginning + end).chars().toArray())
        .map(Tokens::of)
        .toList();
  }

  private void register(TributaryNode node) throws InterruptedException {
    for (SoakTenant tenant : tenants) {
      await(node.admin().register(tenant.id(), tenant.first()));
      if (tenant.floor() > 1) {
        await(node.admin().agree(tenant.id(), new ModelAdmin.Wish(tenant.floor(), null, null)));
      }
    }
  }

  private Loaded config(Path base) {
    long hotBytes = 0;
    long warmBytes = 0;
    for (SoakTenant tenant : tenants) {
      hotBytes += DeltaOutline.sizes(tenant.first()).getLast().count();
      warmBytes += tenant.first().toFile().length();
    }
    // No less than the setting allows.
    long memory = Math.max(1 << 20, hotBytes * settings.hot() / tenants.size());
    long warm = warmBytes * settings.warm() / tenants.size();
    int clients = settings.clients();
    return ServerConfig.parse(
        """
        tributary {
          base { path = %s }
          http { port = 0 }
          device { backend = cpu, kv-memory = 1 MiB, page-tokens = %d, tokens-per-step = %d,
                   running-max = %d, waiting-max = 10000 }
          deltas { store = %s, memory = %d B, warm-memory = %d B, age-max = 200 ms,
                   waiting-per-delta-max = 10000 }
        }
        akka.loglevel = WARNING
        akka.coordinated-shutdown.run-by-jvm-shutdown-hook = off
        """
            .formatted(
                ScratchDirectory.quoted(base),
                PAGE_TOKENS,
                Math.max(64, clients),
                clients,
                ScratchDirectory.quoted(directory.resolve("store")),
                memory,
                warm));
  }

  static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }
}
