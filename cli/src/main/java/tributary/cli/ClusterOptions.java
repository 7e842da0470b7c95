package tributary.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.simulation.cost.CodecSpec;
import tributary.simulation.cost.CostFile;
import tributary.simulation.cost.Hardware;
import tributary.simulation.cost.ModelSpec;
import tributary.simulation.engine.Failure;
import tributary.simulation.engine.Placement;
import tributary.simulation.systems.Setting;

/** What serves the requests. */
final class ClusterOptions {
  @Option(
      names = "--hardware",
      defaultValue = "h100",
      paramLabel = "NAME",
      description = "GPU: h100 or a100 (default: ${DEFAULT-VALUE}).")
  private String hardware = "";

  @Option(
      names = "--model",
      defaultValue = "llama-2-7b",
      paramLabel = "NAME",
      description =
          "Base: llama-2-7b, llama-2-13b, llama-2-70b, llama-3-8b or tinyllama-1.1b"
              + " (default: ${DEFAULT-VALUE}).")
  private String model = "";

  @Option(
      names = "--context",
      paramLabel = "N",
      description = "Positions that a sequence may have (default: the base's).")
  private @Nullable Integer context;

  @Option(
      names = "--gpus",
      defaultValue = "1",
      paramLabel = "N",
      description = "GPUs of a node, which share every matrix (default: ${DEFAULT-VALUE}).")
  private int gpus;

  @Option(
      names = "--nodes",
      defaultValue = "1",
      paramLabel = "N",
      description =
          "Nodes; a dedicated system has one for each tenant (default: ${DEFAULT-VALUE}).")
  private int nodes;

  @Option(
      names = "--placement",
      defaultValue = "BY_TENANT",
      paramLabel = "HOW",
      description =
          "by_tenant, least_loaded or home_unless_busy (default: by_tenant, as the cluster does).")
  private Placement placement = Placement.BY_TENANT;

  @Option(
      names = "--codec",
      defaultValue = "bitdelta",
      paramLabel = "NAME",
      description =
          "Tributary's deltas: bitdelta, bitdelta-2, deltazip-4bit or deltazip-2bit"
              + " (default: ${DEFAULT-VALUE}).")
  private String codec = "";

  @Option(
      names = "--deltazip-slots",
      defaultValue = "8",
      paramLabel = "N",
      description = "Deltas on the device under DeltaZip (default: ${DEFAULT-VALUE}).")
  private int deltaZipSlots;

  @Option(
      names = "--swap-slots",
      defaultValue = "1",
      paramLabel = "N",
      description = "Whole models on the device under swapping (default: ${DEFAULT-VALUE}).")
  private int swapSlots;

  @Option(
      names = "--disk",
      paramLabel = "MB/S",
      description = "Speed of the disk, in 1e6 bytes a second (default: 3000).")
  private @Nullable Double disk;

  @Option(
      names = "--fail",
      paramLabel = "NODE:FROM:BACK",
      description = "A node dies at a second and comes back at another; repeatable.")
  private List<String> deaths = new ArrayList<>();

  @Option(
      names = "--slow-disk",
      paramLabel = "NODE:FROM:UNTIL:FACTOR",
      description = "A node's disk takes longer between two seconds; repeatable.")
  private List<String> slowDisks = new ArrayList<>();

  @Option(
      names = "--detection",
      defaultValue = "5",
      paramLabel = "SECONDS",
      description =
          "From a node's death until its requests go to others (default: ${DEFAULT-VALUE}).")
  private double detection;

  @Option(
      names = "--costs",
      paramLabel = "FILE",
      description =
          "Costs of Tributary's steps and loads that bench calibrate or simulate validate wrote,"
              + " instead of the hardware's preset; sizes stay those of hardware, model and codec.")
  private @Nullable Path costs;

  Setting setting(int tenants) {
    Setting preset = preset(tenants);
    return costs == null ? preset : preset.withCosts(CostFile.read(costs));
  }

  private Setting preset(int tenants) {
    Hardware gpu = found("hardware", hardware, Hardware.named(hardware), Hardware.names());
    ModelSpec base = found("model", model, ModelSpec.named(model), ModelSpec.names());
    return new Setting(
        disk == null ? gpu : gpu.withDisk(disk * 1e6),
        context == null ? base : base.withContext(context),
        gpus,
        nodes,
        tenants,
        found("codec", codec, CodecSpec.named(codec), CodecSpec.names()),
        placement,
        Setting.Limits.DEFAULT.withDeltaZipSlots(deltaZipSlots).withSwapSlots(swapSlots),
        troubles());
  }

  void describe(SequencedMap<String, String> settings) {
    Setting all = setting(1);
    settings.put("hardware", "%d node(s) of %d x %s".formatted(nodes, gpus, hardware));
    settings.put("figures of the hardware", all.hardware().source());
    all.costs()
        .ifPresent(
            found -> settings.put("costs", "%s (%s)".formatted(found.name(), found.source())));
    settings.put("disk, bytes/s", "%.3g".formatted(all.hardware().disk().bytesPerSecond()));
    settings.put("base", model + ", context " + all.model().contextLength());
    settings.put(
        "Tributary's codec",
        "%s, %.2f GB a tenant (%s)"
            .formatted(codec, all.codec().size(all.model()).count() / 1e9, all.codec().source()));
    settings.put("placement", placement.name().toLowerCase(Locale.ROOT));
    settings.put("DeltaZip's slots", "%d on the device".formatted(deltaZipSlots));
    settings.put("swapping's slots", "%d on the device".formatted(swapSlots));
    if (!deaths.isEmpty() || !slowDisks.isEmpty()) {
      settings.put("failures", String.join(", ", deaths) + String.join(", ", slowDisks));
    }
  }

  private Setting.Troubles troubles() {
    List<Failure> failures = new ArrayList<>();
    for (String text : deaths) {
      double[] n = numbers("--fail", text, 3);
      failures.add(new Failure.NodeDeath((int) n[0], nanos(n[1]), nanos(n[2])));
    }
    for (String text : slowDisks) {
      double[] n = numbers("--slow-disk", text, 4);
      failures.add(new Failure.SlowDisk((int) n[0], nanos(n[1]), nanos(n[2]), n[3]));
    }
    return new Setting.Troubles(failures, nanos(detection));
  }

  private static double[] numbers(String option, String text, int count) {
    String[] parts = text.split(":", -1);
    double[] numbers = new double[count];
    try {
      for (int i = 0; i < count; i++) {
        numbers[i] = Double.parseDouble(parts[i]);
      }
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new TributaryException(
          ErrorCode.USAGE,
          "%s %s: give %d numbers with colons between them"
              .formatted(option, Quoted.of(text), count),
          e);
    }
    return numbers;
  }

  private static Nanos nanos(double seconds) {
    return new Nanos(Math.round(seconds * 1e9));
  }

  private static <T> T found(String what, String name, Optional<T> value, String known) {
    return value.orElseThrow(() ->
        new TributaryException(
            ErrorCode.USAGE,
            "%s %s is unknown; known are %s".formatted(what, Quoted.of(name), known)));
  }
}
