package tributary.streams;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
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
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;

/**
 * The figures of {@code GET /metrics}. Labels hold configured model names and error codes only, so
 * that callers cannot make series.
 *
 * <p>Kamon lives once in a process, and so does this.
 */
public final class Metrics implements AutoCloseable {
  private static final Duration SAMPLED_EVERY = Duration.ofSeconds(1);

  private final PrometheusReporter reporter;
  private final Registration registration;
  private final Map<DeltaId, ModelMetrics> models;
  private final Map<ErrorCode, Counter> refusals;

  private Metrics(
      PrometheusReporter reporter, Registration registration, Collection<DeltaId> models) {
    this.reporter = reporter;
    this.registration = registration;
    this.models =
        models.stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    Function.identity(), id -> new ModelMetrics(id.name())));
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
  public static Metrics start(DeltaId base, Collection<DeltaId> models, Supplier<NodeLoad> load) {
    var options = ConfigParseOptions.defaults().setAllowMissing(false);
    Config settings =
        ConfigFactory.parseResources(
                Metrics.class.getClassLoader(), "tributary-metrics.conf", options)
            .withFallback(ConfigFactory.load(Metrics.class.getClassLoader()));
    Kamon.initWithoutAttaching(settings);
    var reporter = new PrometheusReporter("kamon.prometheus", settings);
    var metrics = new Metrics(reporter, Kamon.addReporter("prometheus", reporter), models);
    sampleNode(base.name(), load);
    models.forEach(id -> sampleModel(id, load));
    return metrics;
  }

  /** Prometheus text, at most a second old. */
  String scrape() {
    return reporter.scrapeData();
  }

  ModelMetrics of(DeltaId model) {
    ModelMetrics metrics = models.get(model);
    if (metrics == null) {
      throw new AssertionError("model " + model + " was accepted but is not configured");
    }
    return metrics;
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

  private static long of(NodeLoad node, DeltaId id, ToLongFunction<DeltaLoad> figure) {
    DeltaLoad delta = node.deltas().get(id);
    return delta == null ? 0 : figure.applyAsLong(delta);
  }

  private static void gauge(
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

  private static void counter(
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
