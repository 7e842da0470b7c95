package tributary.simulation.systems;

import java.util.Optional;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;
import tributary.scheduling.PolicyChoice;
import tributary.scheduling.SchedulerLimits;
import tributary.scheduling.SchedulerRules;
import tributary.simulation.cost.CodecSpec;
import tributary.simulation.cost.CostModel;
import tributary.simulation.cost.Presets;
import tributary.simulation.engine.ClusterSpec;
import tributary.simulation.engine.NodeSpec;
import tributary.simulation.engine.Sharing;
import tributary.simulation.engine.TierSettings;
import tributary.simulation.engine.TierSettings.LoadTiming;

/** Divides a node's memory between weights, tenants and KV pages. */
final class MemoryLayout {
  /** Share of device memory left to activations, graphs and the driver. */
  private static final double RESERVED = 0.08;

  /** Of what the base leaves, the share that tenants' deltas may take at most. */
  private static final double DELTA_SHARE = 0.5;

  private static final int PAGE_TOKENS = 16;
  private static final Nanos SLOW_READER_MAX = Nanos.ofMillis(30_000);

  /** How many tenants may be on the device and in host memory. */
  record Slots(int device, int host) {}

  private final Setting setting;
  private final double device;
  private final double host;

  MemoryLayout(Setting setting) {
    this.setting = setting;
    this.device = setting.hardware().memory().count() * (1 - RESERVED) * setting.gpus();
    this.host = (double) setting.hardware().hostMemory().count() * setting.gpus();
  }

  /**
   * One base with deltas.
   *
   * @param slots as many as memory allows when not given
   */
  ClusterSpec deltas(
      CodecSpec codec, LoadTiming timing, PolicyChoice policy, Optional<Slots> slots) {
    double free = device - setting.model().weights().count();
    double size = codec.size(setting.model()).count();
    Slots given =
        slots.orElseGet(() ->
            new Slots(
                slots(Math.floor(free * DELTA_SHARE / size)), slots(Math.floor(host / size))));
    double left = free - given.device() * size;
    return cluster(codec, tiers(codec, given, timing), Sharing.ONE_BASE, policy, left);
  }

  ClusterSpec swapped(CodecSpec codec) {
    var slots = new Slots(setting.limits().swapSlots(), setting.limits().swapHostSlots());
    double left = device - (double) slots.device() * codec.size(setting.model()).count();
    return cluster(
        codec,
        tiers(codec, slots, LoadTiming.BETWEEN_STEPS),
        Sharing.WHOLE_MODELS,
        new PolicyChoice.FirstCome(),
        left);
  }

  /** One model that stays. */
  NodeSpec resident(CodecSpec codec, Sharing sharing) {
    double left = device - codec.size(setting.model()).count();
    return node(
        codec,
        TierSettings.resident(setting.tenants()),
        sharing,
        new PolicyChoice.FirstCome(),
        left);
  }

  private int slots(double wanted) {
    return (int) Math.clamp(wanted, 0, setting.tenants());
  }

  private TierSettings tiers(CodecSpec codec, Slots slots, LoadTiming timing) {
    if (slots.device() < 1) {
      throw tooSmall(codec, "no tenant's weights fit on the device");
    }
    return new TierSettings(
        codec.size(setting.model()),
        slots.device(),
        Math.max(1, slots.host()),
        timing,
        setting.limits().ageMax());
  }

  private ClusterSpec cluster(
      CodecSpec codec, TierSettings tiers, Sharing sharing, PolicyChoice policy, double left) {
    return new ClusterSpec(
        node(codec, tiers, sharing, policy, left),
        setting.nodes(),
        setting.placement(),
        setting.troubles().failures(),
        setting.troubles().detection());
  }

  private NodeSpec node(
      CodecSpec codec, TierSettings tiers, Sharing sharing, PolicyChoice policy, double left) {
    double pages = Math.floor(left / (setting.model().kvBytes().count() * (double) PAGE_TOKENS));
    int context = setting.model().contextLength();
    if (pages * PAGE_TOKENS < context) {
      throw tooSmall(
          codec,
          "%.1f GB are left for keys and values, less than one sequence of %d positions takes"
              .formatted(left / 1e9, context));
    }
    Setting.Limits limits = setting.limits();
    return new NodeSpec(
        new SchedulerLimits(
            limits.tokensPerStep(),
            limits.runningMax(),
            limits.waitingMax(),
            (int) Math.min(pages, Integer.MAX_VALUE),
            PAGE_TOKENS,
            context,
            SLOW_READER_MAX),
        new SchedulerRules(policy, tiers.deviceSlots(), null, SchedulerRules.Prefixes.FORGOTTEN),
        tiers,
        costs(codec, sharing),
        codec.name(),
        sharing,
        setting.gpus());
  }

  private CostModel costs(CodecSpec codec, Sharing sharing) {
    if (setting.costs().isEmpty()) {
      return Presets.of(setting.hardware(), setting.model(), codec, setting.gpus());
    }
    CostModel calibrated = setting.costs().get();
    if (sharing != Sharing.ONE_BASE || !codec.equals(setting.codec())) {
      throw new TributaryException(
          ErrorCode.COST_MODEL,
          "costs '%s' were measured with Tributary's own steps and say nothing of %s; compare"
                  .formatted(calibrated.name(), codec.name())
              + " tributary and tributary_fcfs with them, or leave the costs out");
    }
    return calibrated;
  }

  private TributaryException tooSmall(CodecSpec codec, String why) {
    Bytes base = setting.model().weights();
    return new TributaryException(
        ErrorCode.INVALID_PARAMETER,
        "%d x %s with %s (%.1f GB) and %s tenants: %s; use more GPUs a node or fewer slots"
            .formatted(
                setting.gpus(),
                setting.hardware().name(),
                setting.model().name(),
                base.count() / 1e9,
                codec.name(),
                why));
  }
}
