package tributary.streams;

import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import tributary.actors.ColdStarts;
import tributary.actors.NodeLoad;
import tributary.protocol.Nanos;

/** What moves in a node's memory: variants between disk, RAM and device, and KV pages. */
final class LifeMetrics {
  private LifeMetrics() {}

  static void sample(String model, Supplier<NodeLoad> load) {
    Metrics.gauge(
        "tributary_deltas_bytes",
        "Bytes of variants that are loaded",
        model,
        load,
        node -> node.life().loaded().count());
    Metrics.gauge(
        "tributary_warm_deltas",
        "Delta files that are open and verified beside those that are loaded",
        model,
        load,
        node -> node.life().warm());
    Metrics.gauge(
        "tributary_warm_deltas_bytes",
        "Bytes of these files",
        model,
        load,
        node -> node.life().warmBytes().count());
    count("tributary_warm_loads", "Loads of such files", model, load, NodeLoad.Life::warmLoads);
    count(
        "tributary_planes_dropped",
        "Planes of variants that went for others",
        model,
        load,
        NodeLoad.Life::planesDropped);
    count(
        "tributary_prefix_hits",
        "Sequences that began with KV that was there",
        model,
        load,
        NodeLoad.Life::prefixHits);
    count(
        "tributary_prefix_tokens",
        "Tokens that were not computed for it",
        model,
        load,
        NodeLoad.Life::prefixTokens);
    sampleStarts(model, load);
  }

  /** Divide by the number of starts for means. */
  private static void sampleStarts(String model, Supplier<NodeLoad> load) {
    count(
        "tributary_cold_starts",
        "First tokens of variants that were not loaded",
        model,
        load,
        life -> life.starts().count());
    start("queue", "until the load began", model, load, ColdStarts::queue);
    start("read", "for the file to be read", model, load, ColdStarts::read);
    start("verify", "for its bytes to be verified", model, load, ColdStarts::verify);
    start("transfer", "for it to be brought to the device", model, load, ColdStarts::transfer);
    start("first_step", "from there to the first token", model, load, ColdStarts::firstStep);
  }

  private static void start(
      String phase,
      String what,
      String model,
      Supplier<NodeLoad> load,
      Function<ColdStarts, Nanos> part) {
    count(
        "tributary_cold_start_" + phase + "_microseconds",
        "Time that first tokens waited " + what,
        model,
        load,
        life -> part.apply(life.starts()).count() / 1_000);
  }

  private static void count(
      String name,
      String description,
      String model,
      Supplier<NodeLoad> load,
      ToLongFunction<NodeLoad.Life> figure) {
    Metrics.counter(name, description, model, load, node -> figure.applyAsLong(node.life()));
  }
}
