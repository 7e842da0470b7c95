package tributary.actors;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import tributary.config.ServerConfig;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;

/** Builds configurations of nodes on loopback with a port of the system's choice. */
record Configs(
    List<String> models,
    List<String> seedNodes,
    int windowTokens,
    Duration slowReaderMax,
    Duration loadTimeout,
    Duration idleUnload,
    int waitingPerDeltaMax,
    Duration drainMax,
    Path base,
    List<ServerConfig.Model> files,
    Optional<Path> store,
    ServerConfig.Replicas replicas) {
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

  static Configs serving(String... models) {
    return new Configs(
        Arrays.asList(models),
        List.of(),
        8,
        Duration.ofMinutes(1),
        Duration.ofSeconds(20),
        Duration.ofMinutes(10),
        16,
        Duration.ofSeconds(20),
        Path.of("base"),
        List.of(),
        Optional.empty(),
        ONE);
  }

  Configs replicas(ServerConfig.Replicas replicas) {
    return new Configs(
        models,
        seedNodes,
        windowTokens,
        slowReaderMax,
        loadTimeout,
        idleUnload,
        waitingPerDeltaMax,
        drainMax,
        base,
        files,
        store,
        replicas);
  }

  Configs seedNodes(String... addresses) {
    return new Configs(
        models,
        Arrays.asList(addresses),
        windowTokens,
        slowReaderMax,
        loadTimeout,
        idleUnload,
        waitingPerDeltaMax,
        drainMax,
        base,
        files,
        store,
        replicas);
  }

  Configs drainMax(Duration drainMax) {
    return new Configs(
        models,
        seedNodes,
        windowTokens,
        slowReaderMax,
        loadTimeout,
        idleUnload,
        waitingPerDeltaMax,
        drainMax,
        base,
        files,
        store,
        replicas);
  }

  Configs loads(Duration loadTimeout, Duration idleUnload, int waitingPerDeltaMax) {
    return new Configs(
        models,
        seedNodes,
        windowTokens,
        slowReaderMax,
        loadTimeout,
        idleUnload,
        waitingPerDeltaMax,
        drainMax,
        base,
        files,
        store,
        replicas);
  }

  Configs files(Path base, List<ServerConfig.Model> files) {
    return new Configs(
        List.of(),
        seedNodes,
        windowTokens,
        slowReaderMax,
        loadTimeout,
        idleUnload,
        waitingPerDeltaMax,
        drainMax,
        base,
        files,
        store,
        replicas);
  }

  Configs store(Path directory) {
    return new Configs(
        models,
        seedNodes,
        windowTokens,
        slowReaderMax,
        loadTimeout,
        idleUnload,
        waitingPerDeltaMax,
        drainMax,
        base,
        files,
        Optional.of(directory),
        replicas);
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
        new ServerConfig.Streaming(windowTokens, slowReaderMax),
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
