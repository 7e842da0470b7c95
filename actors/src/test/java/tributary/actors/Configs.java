package tributary.actors;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import tributary.config.ServerConfig;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;

/** Builds configurations of nodes on loopback with a port of the system's choice. */
final class Configs {
  private static final Duration WARM_UP = Duration.ofMillis(1); // One round of it.
  private static final ServerConfig.Replicas ONE =
      new ServerConfig.Replicas(1, 1, Duration.ofSeconds(1), 0, Duration.ofSeconds(1));

  static final Config QUIET =
      ConfigFactory.parseString(
          """
          akka.loglevel = ERROR
          akka.stdout-loglevel = OFF
          akka.test.single-expect-default = 20s
          akka.actor.testkit.typed.single-expect-default = 20s
          akka.cluster.jmx.enabled = off
          akka.coordinated-shutdown.run-by-jvm-shutdown-hook = off
          tributary-actors.load-back-off-min = 50ms
          tributary-actors.load-back-off-max = 200ms
          tributary-actors.reader-tick = 100ms
          """);

  private final List<String> models;
  private List<String> seedNodes = List.of();
  private Duration loadTimeout = Duration.ofSeconds(20);
  private Duration idleUnload = Duration.ofMinutes(10);
  private int waitingPerDeltaMax = 16;
  private Duration drainMax = Duration.ofSeconds(20);
  private Path base = Path.of("base");
  private List<ServerConfig.Model> files = List.of();
  private Optional<Path> store = Optional.empty();
  private ServerConfig.Replicas replicas = ONE;

  private Configs(List<String> models) {
    this.models = models;
  }

  static Configs serving(String... models) {
    return new Configs(List.of(models));
  }

  Configs replicas(ServerConfig.Replicas replicas) {
    this.replicas = replicas;
    return this;
  }

  Configs seedNodes(String... addresses) {
    seedNodes = List.of(addresses);
    return this;
  }

  Configs drainMax(Duration drainMax) {
    this.drainMax = drainMax;
    return this;
  }

  Configs loads(Duration loadTimeout, Duration idleUnload, int waitingPerDeltaMax) {
    this.loadTimeout = loadTimeout;
    this.idleUnload = idleUnload;
    this.waitingPerDeltaMax = waitingPerDeltaMax;
    return this;
  }

  Configs files(Path base, List<ServerConfig.Model> files) {
    this.base = base;
    this.files = files;
    return this;
  }

  Configs store(Path directory) {
    store = Optional.of(directory);
    return this;
  }

  ServerConfig build() {
    var named =
        models.stream()
            .map(name ->
                new ServerConfig.Model(
                    new DeltaId(name),
                    Path.of(name + ".delta"),
                    Optional.empty(),
                    Optional.empty()))
            .toList();
    return new ServerConfig(
        new ServerConfig.Base(new DeltaId("base"), base, true),
        named.isEmpty() ? files : named,
        new ServerConfig.Http(
            "127.0.0.1",
            0,
            new Bytes(1 << 20),
            16,
            Duration.ofSeconds(5),
            Duration.ofSeconds(60),
            drainMax,
            4,
            4,
            4,
            1 << 16),
        new ServerConfig.Device(
            ServerConfig.Device.Backend.SCALAR, 1, new Bytes(4 << 20), 16, 64, 16, 32, WARM_UP),
        new ServerConfig.Deltas(
            loadTimeout,
            idleUnload,
            2,
            waitingPerDeltaMax,
            new Bytes(64 << 20),
            new Bytes(1 << 20),
            Duration.ofSeconds(10),
            store,
            Duration.ofMillis(100),
            new Bytes(1L << 40),
            Duration.ofHours(1)),
        new ServerConfig.Scheduling(
            ServerConfig.Scheduling.Policy.FAIR, 4096, Duration.ofSeconds(5), 1000, true),
        new ServerConfig.Streaming(8, Duration.ofMinutes(1)),
        new ServerConfig.Cluster(
            ServerConfig.Role.ALL,
            "127.0.0.1",
            0,
            seedNodes,
            16,
            replicas,
            new ServerConfig.Bootstrap(ServerConfig.BootstrapMethod.NONE, "tributary", 1, 7626),
            Optional.empty()),
        ServerConfig.Security.NONE,
        ServerConfig.Recording.NONE);
  }

  NodeSettings settings() {
    return settings("");
  }

  /** With further Akka settings. */
  NodeSettings settings(String hocon) {
    return NodeSettings.of(build(), ConfigFactory.parseString(hocon).withFallback(QUIET));
  }
}
