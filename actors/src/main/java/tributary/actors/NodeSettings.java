package tributary.actors;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import tributary.config.ServerConfig;

/** What Akka is told, and the bounds of this room that are not in {@link ServerConfig}. */
record NodeSettings(Config akka, ServerConfig server) {
  static final String SYSTEM_NAME = "tributary";
  static final String DEVICE_DISPATCHER = "tributary-actors.device-dispatcher";
  static final String LOADING_DISPATCHER = "tributary-actors.loading-dispatcher";

  /** The resource that HOCON merges from all jars. */
  private static final String LIBRARY_DEFAULTS = "reference.conf";

  /** The device's drain is cut off before its phase is, so that the phase can say so. */
  private static final Duration DRAIN_MARGIN = Duration.ofSeconds(2);

  /**
   * @param merged the whole configuration; of its sections for libraries only what somebody set
   *     counts, since this room's own defaults go in between
   */
  static NodeSettings of(ServerConfig server, Config merged) {
    Config akka =
        ConfigFactory.parseMap(derived(server), "the tributary section")
            .withFallback(set(merged))
            .withFallback(ConfigFactory.parseResources("tributary-akka.conf"))
            .withFallback(ConfigFactory.defaultReference())
            .resolve();
    return new NodeSettings(akka, server);
  }

  /** What is in a configuration and does not come from a library's own defaults. */
  private static Config set(Config merged) {
    Config set = ConfigFactory.empty();
    for (var entry : merged.entrySet()) {
      if (!LIBRARY_DEFAULTS.equals(entry.getValue().origin().resource())) {
        set = set.withValue(entry.getKey(), entry.getValue());
      }
    }
    return set;
  }

  DeltaEntity.Settings entity() {
    return new DeltaEntity.Settings(
        server.deltas().loadTimeout(),
        server.deltas().idleUnload(),
        server.deltas().waitingPerDeltaMax(),
        akka.getDuration("tributary-actors.load-back-off-min"),
        akka.getDuration("tributary-actors.load-back-off-max"));
  }

  Duration answerMax() {
    return server.deltas().loadTimeout().plus(akka.getDuration("tributary-actors.answer-grace"));
  }

  Duration quietMax() {
    return akka.getDuration("tributary-actors.quiet-max");
  }

  Duration readerTick() {
    return akka.getDuration("tributary-actors.reader-tick");
  }

  Duration handOverMax() {
    return akka.getDuration("tributary-actors.hand-over-max");
  }

  Duration deviceStopMax() {
    return akka.getDuration("tributary-actors.device-stop-max");
  }

  private static Map<String, Object> derived(ServerConfig server) {
    ServerConfig.Cluster cluster = server.cluster();
    var values = new HashMap<String, Object>();
    values.put("akka.remote.artery.canonical.hostname", cluster.host());
    values.put("akka.remote.artery.canonical.port", cluster.port());
    values.put(
        "akka.cluster.seed-nodes",
        cluster.seedNodes().stream().map(seed -> "akka://" + SYSTEM_NAME + "@" + seed).toList());
    values.put("akka.cluster.sharding.number-of-shards", cluster.shards());
    values.put("akka.cluster.app-version", version());
    values.put(
        "akka.coordinated-shutdown.phases.service-requests-done.timeout",
        server.http().drainMax().plus(DRAIN_MARGIN).toMillis() + "ms");
    values.put(
        LOADING_DISPATCHER + ".thread-pool-executor.fixed-pool-size",
        server.deltas().loadsConcurrent());
    return values;
  }

  /** Lets sharding prefer new nodes in a rolling update; a build without a jar has no version. */
  private static String version() {
    String version = NodeSettings.class.getPackage().getImplementationVersion();
    return version == null ? "0.0.0" : version;
  }
}
