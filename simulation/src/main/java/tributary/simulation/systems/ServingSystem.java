package tributary.simulation.systems;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.scheduling.PolicyChoice;
import tributary.scheduling.PolicyChoice.LineSkipping.Preemption;
import tributary.simulation.cost.CodecSpec;
import tributary.simulation.engine.ClusterSpec;
import tributary.simulation.engine.Placement;
import tributary.simulation.engine.Sharing;
import tributary.simulation.engine.TierSettings.LoadTiming;

/** A way of serving many fine-tunes of one base. */
public enum ServingSystem {
  /** Compressed deltas beside one base; loads run beside the steps, tenants share fairly. */
  TRIBUTARY("Tributary", "compressed deltas over one base, fair queuing, loads beside the steps"),
  /** The same, first come, first served. */
  TRIBUTARY_FCFS("Tributary, FCFS", "the same, first come, first served"),
  /** DeltaZip: N deltas, its own kernels' times, loads between steps. */
  DELTAZIP("DeltaZip", "4-bit 2:4 deltas over one base, N of them, loads between the steps"),
  /** Whole fine-tunes moved in and out: the vLLM baseline of the DeltaZip paper. */
  SWAPPING("swapping", "whole fine-tunes moved in and out, a batch of one model at a time"),
  /** A GPU, or a group of them, for each fine-tune. */
  DEDICATED("dedicated", "a node for each fine-tune"),
  /** Rank 16 adapters: cheaper to serve, and not the same fine-tune. */
  LORA("LoRA", "rank 16 adapters over one base; not the same fine-tunes");

  private static final String CODEC_OF_DELTAZIP = "deltazip-4bit";
  private static final String CODEC_OF_LORA = "lora-16";
  private static final String CODEC_OF_WHOLE = "whole";

  /** How far a tenant may get ahead of one that waits: a few long answers. */
  private static final int FAIR_GAP_TOKENS = 8192;

  private static final Nanos NEVER = new Nanos(Long.MAX_VALUE);

  private final String label;
  private final String summary;

  ServingSystem(String label, String summary) {
    this.label = label;
    this.summary = summary;
  }

  public String label() {
    return label;
  }

  /** What it is, in a line. */
  public String summary() {
    return summary;
  }

  /** Reads names with commas between them, or {@code all}. */
  public static List<ServingSystem> parse(String names) {
    if (names.equalsIgnoreCase("all")) {
      return List.of(values());
    }
    return Arrays.stream(names.split(",")).map(name -> named(name.strip())).distinct().toList();
  }

  private static ServingSystem named(String name) {
    return Arrays.stream(values())
        .filter(system -> system.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(() ->
            new TributaryException(
                ErrorCode.USAGE,
                "system %s is unknown; known are %s and all".formatted(Quoted.of(name), names())));
  }

  private static String names() {
    return Arrays.stream(values())
        .map(system -> system.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(", "));
  }

  /** This system as a cluster; refused with the reason when its memory does not hold it. */
  public ClusterSpec cluster(Setting setting) {
    var layout = new MemoryLayout(setting);
    return switch (this) {
      case TRIBUTARY ->
          layout.deltas(setting.codec(), LoadTiming.BESIDE_STEPS, fair(setting), Optional.empty());
      case TRIBUTARY_FCFS ->
          layout.deltas(
              setting.codec(),
              LoadTiming.BESIDE_STEPS,
              new PolicyChoice.FirstCome(),
              Optional.empty());
      case DELTAZIP ->
          layout.deltas(
              codec(CODEC_OF_DELTAZIP),
              LoadTiming.BETWEEN_STEPS,
              new PolicyChoice.LineSkipping(Preemption.AFTER_PARENT, NEVER),
              Optional.of(
                  new MemoryLayout.Slots(
                      setting.limits().deltaZipSlots(), setting.limits().deltaZipHostSlots())));
      case LORA ->
          layout.deltas(
              codec(CODEC_OF_LORA), LoadTiming.BESIDE_STEPS, fair(setting), Optional.empty());
      case SWAPPING -> layout.swapped(codec(CODEC_OF_WHOLE));
      case DEDICATED ->
          ClusterSpec.sound(
              layout.resident(codec(CODEC_OF_WHOLE), Sharing.WHOLE_MODELS),
              setting.tenants(),
              Placement.OWN_NODE);
    };
  }

  private static PolicyChoice fair(Setting setting) {
    return new PolicyChoice.Fair(FAIR_GAP_TOKENS, setting.limits().ageMax());
  }

  private static CodecSpec codec(String name) {
    return CodecSpec.named(name)
        .orElseThrow(() -> new AssertionError("codec " + name + " is not known"));
  }
}
