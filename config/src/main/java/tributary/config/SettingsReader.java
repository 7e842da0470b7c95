package tributary.config;

import com.typesafe.config.Config;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;

/** Turns resolved settings into records. Every range here stands in {@code reference.conf} too. */
final class SettingsReader {
  private static final String ROOT = "tributary";
  private static final Pattern HOST_PORT =
      Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[^:\\s]+):(\\d{1,5})");
  private static final int PORT_MAX = 65_535;
  private static final String HOST = "a host name or an IP address";
  private static final Bytes KIB = new Bytes(1L << 10);
  private static final Bytes MIB = new Bytes(1L << 20);
  private static final Bytes GIB = new Bytes(1L << 30);

  private SettingsReader() {}

  static ServerConfig read(Config resolved, Path directory) {
    var document = new Document(directory);
    Section root = document.open(ROOT, resolved.root().get(ROOT));
    Section base = root.section("base");
    List<Section> models = root.sections("models");
    var config =
        new ServerConfig(
            base(base),
            models.stream().map(SettingsReader::model).toList(),
            http(root.section("http")),
            device(root.section("device")),
            deltas(root.section("deltas")),
            scheduling(root.section("scheduling")),
            streaming(root.section("streaming")),
            cluster(root.section("cluster")),
            SecurityReader.read(root.section("security"), directory),
            recording(root.section("recording")),
            telemetry(root.section("telemetry")));
    checkServed(config, root, base, models);
    document.throwIfBad();
    return config;
  }

  private static ServerConfig.Base base(Section base) {
    return new ServerConfig.Base(
        base.model("name"),
        base.directory("path", "the directory of a checkpoint with a config.json", "config.json"),
        base.flag("served"));
  }

  private static ServerConfig.Model model(Section model) {
    return new ServerConfig.Model(
        model.model("name"),
        model.fileOrDirectory(
            "delta", "a delta file, or the directory of a LoRA adapter", "adapter_config.json"),
        model.optional(
            "tokenizer",
            key -> model.directory(key, "a directory with a tokenizer.json", "tokenizer.json")),
        model.optional("chat-template", key -> model.file(key, "a Jinja file")));
  }

  private static ServerConfig.Http http(Section http) {
    return new ServerConfig.Http(
        http.text("host", HOST),
        http.whole("port", 0, PORT_MAX),
        http.size("body-max", KIB, GIB),
        http.whole("connections-max", 1, 1_000_000),
        http.duration("heartbeat", Duration.ofMillis(10), Duration.ofSeconds(50)),
        http.duration("request-deadline", Duration.ofMillis(100), Duration.ofHours(24)),
        http.duration("drain-max", Duration.ZERO, Duration.ofHours(1)),
        http.whole("choices-max", 1, 128),
        http.whole("prompts-max", 1, 1024),
        http.whole("stop-strings-max", 1, 64),
        (int) http.size("send-buffer", times(4, KIB), times(16, MIB)).count(),
        http.flag("http2"));
  }

  private static ServerConfig.Device device(Section device) {
    var config =
        new ServerConfig.Device(
            device.choice("backend", ServerConfig.Device.Backend.class),
            orProcessors(device.whole("threads", 0, 1024)),
            device.size("kv-memory", MIB, times(16 * 1024, GIB)),
            device.whole("page-tokens", 1, 1024),
            device.whole("tokens-per-step", 1, 65_536),
            device.whole("running-max", 1, 16_384),
            device.whole("waiting-max", 1, 1_000_000),
            device.duration("warm-up", Duration.ZERO, Duration.ofMinutes(10)));
    if (device.isSound() && config.tokensPerStep() < config.runningMax()) {
      device.problem(
          "tokens-per-step",
          "at least running-max, %d: each sequence gets a token".formatted(config.runningMax()));
    }
    return config;
  }

  private static ServerConfig.Deltas deltas(Section deltas) {
    return new ServerConfig.Deltas(
        deltas.duration("load-timeout", Duration.ofMillis(100), Duration.ofHours(1)),
        deltas.duration("idle-unload", Duration.ofMillis(100), Duration.ofDays(30)),
        deltas.whole("loads-concurrent", 1, 64),
        deltas.whole("waiting-per-delta-max", 1, 100_000),
        deltas.size("memory", MIB, times(16 * 1024, GIB)),
        deltas.size("warm-memory", KIB, times(16 * 1024, GIB)),
        deltas.duration("age-max", Duration.ofMillis(100), Duration.ofHours(1)),
        deltas.optional("store", deltas::newDirectory),
        deltas.duration("store-refresh", Duration.ofMillis(100), Duration.ofHours(1)),
        deltas.size("store-max", MIB, times(16 * 1024, GIB)),
        deltas.duration("store-grace", Duration.ofSeconds(1), Duration.ofDays(30)));
  }

  private static ServerConfig.Scheduling scheduling(Section scheduling) {
    return new ServerConfig.Scheduling(
        scheduling.choice("policy", ServerConfig.Scheduling.Policy.class),
        scheduling.whole("gap-tokens", 1, 1_000_000_000),
        scheduling.duration("age-max", Duration.ofMillis(10), Duration.ofHours(1)),
        scheduling.whole("deltas-max", 1, 1_000_000),
        scheduling.flag("prefix-cache"));
  }

  private static ServerConfig.Streaming streaming(Section streaming) {
    return new ServerConfig.Streaming(
        streaming.whole("window-tokens", 1, 65_536),
        streaming.duration("slow-reader-max", Duration.ofMillis(10), Duration.ofHours(1)));
  }

  private static ServerConfig.Recording recording(Section recording) {
    return new ServerConfig.Recording(
        recording.optional("trace", recording::newFile),
        recording.optional("steps", recording::newFile),
        recording.size("size-max", MIB, times(1024, GIB)));
  }

  private static ServerConfig.Cluster cluster(Section cluster) {
    return new ServerConfig.Cluster(
        cluster.choice("role", ServerConfig.Role.class),
        cluster.text("host", HOST),
        cluster.whole("port", 0, PORT_MAX),
        cluster.texts("seed-nodes", "nodes as host:port", SettingsReader::isHostPort),
        cluster.whole("shards", 1, 10_000),
        replicas(cluster.section("replicas")),
        bootstrap(cluster.section("bootstrap")),
        cluster.optional("tls", key -> tls(cluster.section(key))));
  }

  private static ServerConfig.Replicas replicas(Section replicas) {
    return new ServerConfig.Replicas(
        replicas.whole("executors-max", 1, 1000),
        replicas.whole("grow-tokens", 1, 1_000_000_000),
        replicas.duration("grow-after", Duration.ofMillis(100), Duration.ofHours(1)),
        replicas.whole("shrink-percent", 0, 90),
        replicas.duration("shrink-after", Duration.ofMillis(100), Duration.ofDays(1)));
  }

  private static ServerConfig.Telemetry telemetry(Section telemetry) {
    String wanted = "the http address of a collector, such as http://127.0.0.1:4318";
    Optional<String> endpoint =
        telemetry.optional("otlp-endpoint", key -> telemetry.text(key, wanted));
    endpoint
        .filter(address -> !address.matches("https?://[^\\s/]+(/\\S*)?"))
        .ifPresent(_ -> telemetry.problem("otlp-endpoint", wanted));
    return new ServerConfig.Telemetry(endpoint, telemetry.whole("traced-percent", 0, 100));
  }

  private static ServerConfig.Bootstrap bootstrap(Section bootstrap) {
    return new ServerConfig.Bootstrap(
        bootstrap.choice("method", ServerConfig.BootstrapMethod.class),
        bootstrap.text("service", "the name of a service"),
        bootstrap.whole("contact-points", 1, 1000),
        bootstrap.whole("management-port", 1, PORT_MAX));
  }

  private static ServerConfig.Tls tls(Section tls) {
    return new ServerConfig.Tls(
        tls.file("key", "a PEM file"),
        tls.file("certificate", "a PEM file"),
        tls.file("authority", "a PEM file"));
  }

  private static void checkServed(
      ServerConfig config, Section root, Section base, List<Section> models) {
    if (config.models().isEmpty() && !config.base().served() && base.isSound()) {
      root.problem("models", "at least one model when base.served is false: nothing is served");
    }
    Map<DeltaId, Section> owners = new HashMap<>();
    owners.put(config.base().name(), base);
    for (int i = 0; i < models.size(); i++) {
      Section model = models.get(i);
      Section owner = owners.putIfAbsent(config.models().get(i).name(), model);
      if (owner != null && model.isSound()) {
        model.problem("name", "another one than " + owner.nameOf("name"));
      }
    }
  }

  private static boolean isHostPort(String text) {
    var matcher = HOST_PORT.matcher(text);
    if (!matcher.matches()) {
      return false;
    }
    int port = Integer.parseInt(matcher.group(2));
    return port >= 1 && port <= PORT_MAX;
  }

  private static int orProcessors(int threads) {
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }

  private static Bytes times(int factor, Bytes unit) {
    return new Bytes(Math.multiplyExact(factor, unit.count()));
  }
}
