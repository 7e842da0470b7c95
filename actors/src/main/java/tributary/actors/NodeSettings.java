package tributary.actors;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tributary.config.ServerConfig;
import tributary.protocol.Bytes;
import tributary.protocol.Nanos;
import tributary.scheduling.PolicyChoice;
import tributary.scheduling.SchedulerRules;
import tributary.scheduling.placement.PlacementRules;
import tributary.scheduling.placement.ReplicaRules;
import tributary.scheduling.residency.ResidencySettings;

/** What Akka is told, and the bounds of this room that are not in {@link ServerConfig}. */
record NodeSettings(Config akka, ServerConfig server) {
  static final String SYSTEM_NAME = "tributary";
  static final String GATEWAY = "gateway";
  static final String EXECUTOR = "executor";
  static final String DEVICE_DISPATCHER = "tributary-actors.device-dispatcher";
  static final String LOADING_DISPATCHER = "tributary-actors.loading-dispatcher";

  /** What could be read in the time that a load takes whatever its size. */
  private static final Bytes LOAD_OVERHEAD = new Bytes(4 << 20);

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
            .withFallback(ConfigFactory.parseMap(Map.of("akka.cluster.app-version", version())))
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

  /** What the device's scheduler goes by. */
  SchedulerRules rules() {
    ServerConfig.Scheduling scheduling = server.scheduling();
    var ageMax = new Nanos(scheduling.ageMax().toNanos());
    PolicyChoice policy =
        switch (scheduling.policy()) {
          case FIRST_COME -> new PolicyChoice.FirstCome();
          case LINE_SKIPPING ->
              new PolicyChoice.LineSkipping(
                  PolicyChoice.LineSkipping.Preemption.AFTER_PARENT, ageMax);
          case FAIR -> new PolicyChoice.Fair(scheduling.gapTokens(), ageMax);
        };
    return new SchedulerRules(
        policy,
        scheduling.deltasMax(),
        server.base().name(),
        scheduling.prefixCache()
            ? SchedulerRules.Prefixes.KEPT
            : SchedulerRules.Prefixes.FORGOTTEN);
  }

  /** The budgets of a device that computes in RAM. */
  ResidencySettings residency() {
    return new ResidencySettings(
        null,
        server.deltas().memory(),
        server.deltas().loadsConcurrent(),
        new Nanos(server.deltas().ageMax().toNanos()),
        LOAD_OVERHEAD);
  }

  Duration answerMax() {
    return server.deltas().loadTimeout().plus(akka.getDuration("tributary-actors.answer-grace"));
  }

  Duration askAgain() {
    return akka.getDuration("tributary-actors.ask-again");
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

  PlacementRules placement() {
    return new PlacementRules(akka.getInt("tributary-actors.moves-max"));
  }

  /** When a variant is served by several executors. */
  ReplicaRules.Limits replicas() {
    ServerConfig.Replicas replicas = server.cluster().replicas();
    return new ReplicaRules.Limits(
        replicas.executorsMax(),
        replicas.growTokens(),
        new Nanos(replicas.growAfter().toNanos()),
        (long) replicas.growTokens() * replicas.shrinkPercent() / 100,
        new Nanos(replicas.shrinkAfter().toNanos()));
  }

  Duration newsInterval() {
    return akka.getDuration("tributary-actors.executor-news.interval");
  }

  Duration newsAgeMax() {
    return akka.getDuration("tributary-actors.executor-news.age-max");
  }

  Duration deviceStopMax() {
    return akka.getDuration("tributary-actors.device-stop-max");
  }

  private static Map<String, Object> derived(ServerConfig server) {
    ServerConfig.Cluster cluster = server.cluster();
    var values = new HashMap<String, Object>();
    values.put("akka.cluster.roles", roles(cluster.role()));
    values.put("akka.remote.artery.canonical.hostname", cluster.host());
    values.put("akka.remote.artery.canonical.port", cluster.port());
    values.put(
        "akka.cluster.seed-nodes",
        cluster.seedNodes().stream().map(seed -> "akka://" + SYSTEM_NAME + "@" + seed).toList());
    values.put("akka.cluster.sharding.number-of-shards", cluster.shards());
    values.put(
        "akka.coordinated-shutdown.phases.service-requests-done.timeout",
        server.http().drainMax().plus(DRAIN_MARGIN).toMillis() + "ms");
    values.put(
        LOADING_DISPATCHER + ".thread-pool-executor.fixed-pool-size",
        server.deltas().loadsConcurrent());
    values.putAll(bootstrap(cluster));
    cluster.tls().ifPresent(tls -> values.putAll(tls(tls)));
    return values;
  }

  private static List<String> roles(ServerConfig.Role role) {
    return switch (role) {
      case ALL -> List.of(GATEWAY, EXECUTOR);
      case GATEWAY -> List.of(GATEWAY);
      case EXECUTOR -> List.of(EXECUTOR);
    };
  }

  private static Map<String, Object> bootstrap(ServerConfig.Cluster cluster) {
    ServerConfig.Bootstrap bootstrap = cluster.bootstrap();
    String method =
        switch (bootstrap.method()) {
          case NONE -> "<method>"; // Akka's own word for none.
          case KUBERNETES -> "kubernetes-api";
          case DNS -> "akka-dns";
          case CONFIG -> "config";
        };
    String contacts = "akka.management.cluster.bootstrap.contact-point-discovery.";
    return Map.of(
        "akka.management.http.hostname",
        cluster.host(),
        "akka.management.http.port",
        bootstrap.managementPort(),
        contacts + "discovery-method",
        method,
        contacts + "service-name",
        bootstrap.service(),
        contacts + "required-contact-point-nr",
        bootstrap.contactPoints());
  }

  private static Map<String, Object> tls(ServerConfig.Tls tls) {
    String ssl = "akka.remote.artery.ssl.";
    return Map.of(
        "akka.remote.artery.transport",
        "tls-tcp",
        ssl + "ssl-engine-provider",
        "akka.remote.artery.tcp.ssl.RotatingKeysSSLEngineProvider",
        ssl + "rotating-keys-engine.key-file",
        tls.key().toString(),
        ssl + "rotating-keys-engine.cert-file",
        tls.certificate().toString(),
        ssl + "rotating-keys-engine.ca-cert-file",
        tls.authority().toString());
  }

  /** Lets sharding prefer new nodes in a rolling update; a build without a jar has no version. */
  private static String version() {
    String version = NodeSettings.class.getPackage().getImplementationVersion();
    return version == null ? "0.0.0" : version;
  }
}
