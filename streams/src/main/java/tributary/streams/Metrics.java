package tributary.streams;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import kamon.Kamon;
import kamon.metric.Counter;
import kamon.metric.Gauge;
import kamon.module.Module.Registration;
import kamon.prometheus.PrometheusReporter;
import tributary.actors.NodeLoad;
import tributary.actors.NodeLoad.DeltaLoad;
import tributary.actors.Tier;
import tributary.config.ServerConfig;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;

/**
 * The figures of {@code GET /metrics}. Labels hold names of served models and error codes only, so
 * that callers cannot make series.
 *
 * <p>Kamon lives once in a process, and so does this.
 */
public final class Metrics implements AutoCloseable {
  private static final Duration SAMPLED_EVERY = Duration.ofSeconds(1);

  /** Names that may be labels; each has some three dozen series and their buckets. */
  static final int MODELS_MAX = 1000;

  /** The label of variants beyond {@link #MODELS_MAX}; no variant can have this name. */
  static final String OTHERS = "-others";

  private final PrometheusReporter reporter;
  private final Registration registration;
  private final Supplier<NodeLoad> load;

  /** Of models that requests were accepted for: only served ones get so far. */
  private final Map<DeltaId, ModelMetrics> models = new ConcurrentHashMap<>();

  private final Supplier<ModelMetrics> others = once(() -> new ModelMetrics(OTHERS));

  private final Map<ErrorCode, Counter> refusals;

  private Metrics(PrometheusReporter reporter, Registration registration, Supplier<NodeLoad> load) {
    this.reporter = reporter;
    this.registration = registration;
    this.load = load;
    var refused = Kamon.counter("tributary_requests_refused", "Requests answered with an error");
    this.refusals =
        Arrays.stream(ErrorCode.values())
            .collect(
                Collectors.toMap(
                    Function.identity(),
                    code -> refused.withTag("code", code.wireName()),
                    (a, _) -> a,
                    () -> new EnumMap<>(ErrorCode.class)));
  }

  /**
   * Starts Kamon, without its agent and its own server, and samples the node from then on.
   *
   * @param base whose name the figures of the whole node carry
   * @param models whose names may be labels
   */
  public static Metrics start(
      DeltaId base,
      Collection<DeltaId> models,
      Supplier<NodeLoad> load,
      ServerConfig.Telemetry telemetry) {
    var options = ConfigParseOptions.defaults().setAllowMissing(false);
    Config settings =
        tracing(telemetry)
            .withFallback(
                ConfigFactory.parseResources(
                    Metrics.class.getClassLoader(), "tributary-metrics.conf", options))
            .withFallback(ConfigFactory.load(Metrics.class.getClassLoader()));
    Kamon.initWithoutAttaching(settings);
    var reporter = new PrometheusReporter("kamon.prometheus", settings);
    var metrics = new Metrics(reporter, Kamon.addReporter("prometheus", reporter), load);
    sampleNode(base.name(), load);
    LifeMetrics.sample(base.name(), load);
    models.forEach(metrics::of);
    return metrics;
  }

  private static Config tracing(ServerConfig.Telemetry telemetry) {
    if (telemetry.otlpEndpoint().isEmpty() || telemetry.tracedPercent() == 0) {
      return ConfigFactory.empty();
    }
    return ConfigFactory.parseMap(
        Map.of(
            "kamon.modules.otel-trace-reporter.enabled",
            true,
            "kamon.otel.trace.endpoint",
            telemetry.otlpEndpoint().get(),
            "kamon.trace.sampler",
            "random",
            "kamon.trace.random-sampler.probability",
            telemetry.tracedPercent() / 100.0));
  }

  /** Prometheus text, at most a second old. */
  String scrape() {
    return reporter.scrapeData();
  }

  /** Of the first so many variants, each has its own series; the others share some. */
  ModelMetrics of(DeltaId model) {
    ModelMetrics known = models.get(model);
    if (known != null) {
      return known;
    }
    if (models.size() >= MODELS_MAX) {
      return others.get();
    }
    return models.computeIfAbsent(
        model,
        id -> {
          sampleModel(id, load);
          return new ModelMetrics(id.name());
        });
  }

  void refused(ErrorCode code) {
    Counter counter = refusals.get(code);
    if (counter != null) {
      counter.increment();
    }
  }

  /** Takes the exposition away; the instruments stay with Kamon until the process ends. */
  @Override
  public void close() {
    registration.cancel();
  }

  private static void sampleNode(String model, Supplier<NodeLoad> load) {
    gauge(
        "vllm:kv_cache_usage_perc",
        "Share of the KV pages in use, 0 to 1",
        model,
        load,
        node -> (double) node.sequences().kvPagesUsed() / Math.max(1, node.kvPages()));
    gauge(
        "tributary_sequences_waiting",
        "Sequences before their first step",
        model,
        load,
        node -> node.sequences().waiting());
    gauge(
        "tributary_sequences_running",
        "Sequences in the steps",
        model,
        load,
        node -> node.sequences().running());
    gauge(
        "tributary_sequences_parked",
        "Sequences whose reader is slow",
        model,
        load,
        node -> node.sequences().parked());
    counter(
        "vllm:num_preemptions",
        "Sequences that lost their KV pages",
        model,
        load,
        node -> node.sequences().preemptions());
    counter("tributary_device_steps", "Steps that the device ran", model, load, NodeLoad::steps);
  }

  private static void sampleModel(DeltaId id, Supplier<NodeLoad> load) {
    gauge(
        "tributary_delta_resident",
        "1 when the delta is in device memory",
        id.name(),
        load,
        node -> of(node, id, delta -> delta.tier() == Tier.RESIDENT ? 1 : 0));
    gauge(
        "tributary_delta_width",
        "Planes that the delta was last served with",
        id.name(),
        load,
        node -> of(node, id, delta -> delta.precision().width()));
    counter(
        "tributary_delta_loads",
        "Loads of the delta",
        id.name(),
        load,
        node -> of(node, id, delta -> delta.precision().loads()));
    gauge(
        "tributary_delta_tier",
        "Where the delta is: 0 on disk, 1 being loaded or let go, 2 in device memory",
        id.name(),
        load,
        node -> of(node, id, delta -> tier(delta.tier())));
    counter(
        "tributary_delta_load_milliseconds",
        "Time that loads of the delta took together",
        id.name(),
        load,
        node -> of(node, id, delta -> delta.precision().loading().count() / 1_000_000));
    counter(
        "tributary_delta_tokens",
        "Tokens of prompts and answers that the device gave the delta's sequences",
        id.name(),
        load,
        node -> of(node, id, delta -> delta.promptTokens() + delta.completionTokens()));
    counter(
        "tributary_delta_evictions",
        "Times that the delta made room for another",
        id.name(),
        load,
        node -> of(node, id, delta -> delta.precision().evictions()));
    gauge(
        "tributary_delta_replicas",
        "Executors that serve the delta beside its home, as this node was told",
        id.name(),
        load,
        node -> of(node, id, DeltaLoad::replicas));
    counter(
        "tributary_delta_sequences",
        "Sequences that the device took",
        id.name(),
        load,
        node -> of(node, id, DeltaLoad::sequences));
    counter(
        "tributary_delta_refused",
        "Sequences that the node refused",
        id.name(),
        load,
        node -> of(node, id, DeltaLoad::refused));
  }

  private static int tier(Tier tier) {
    return switch (tier) {
      case COLD -> 0;
      case LOADING, RETIRING -> 1;
      case RESIDENT -> 2;
    };
  }

  private static <T> Supplier<T> once(Supplier<T> maker) {
    var made = new ConcurrentHashMap<String, T>();
    return () -> made.computeIfAbsent("", _ -> maker.get());
  }

  private static long of(NodeLoad node, DeltaId id, ToLongFunction<DeltaLoad> figure) {
    DeltaLoad delta = node.deltas().get(id);
    return delta == null ? 0 : figure.applyAsLong(delta);
  }

  static void gauge(
      String name,
      String description,
      String model,
      Supplier<NodeLoad> load,
      ToDoubleFunction<NodeLoad> figure) {
    Consumer<Gauge> update = gauge -> gauge.update(figure.applyAsDouble(load.get()));
    Kamon.gauge(name, description)
        .withTags(ModelMetrics.tags(model))
        .autoUpdate(update, SAMPLED_EVERY);
  }

  static void counter(
      String name,
      String description,
      String model,
      Supplier<NodeLoad> load,
      ToLongFunction<NodeLoad> figure) {
    Supplier<Object> total = () -> figure.applyAsLong(load.get());
    Kamon.counter(name, description)
        .withTags(ModelMetrics.tags(model))
        .autoUpdate(Counter.delta(total), SAMPLED_EVERY);
  }
}
