package tributary.simulation.systems;

import java.util.List;
import java.util.Optional;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;
import tributary.simulation.cost.CodecSpec;
import tributary.simulation.cost.CostModel;
import tributary.simulation.cost.Hardware;
import tributary.simulation.cost.ModelSpec;
import tributary.simulation.engine.Failure;
import tributary.simulation.engine.Placement;

/**
 * What all compared systems have in common, and their own few numbers.
 *
 * @param gpus of a node, which share every matrix
 * @param nodes of each system but the dedicated one, which has one a tenant
 * @param codec of Tributary's deltas
 * @param limits of the systems
 * @param costs of Tributary's nodes, calibrated; without them those of the hardware's preset
 */
public record Setting(
    Hardware hardware,
    ModelSpec model,
    int gpus,
    int nodes,
    int tenants,
    CodecSpec codec,
    Placement placement,
    Limits limits,
    Troubles troubles,
    Optional<CostModel> costs) {
  private static final int GPUS_MAX = 16;

  /** With the hardware's preset costs. */
  public Setting(
      Hardware hardware,
      ModelSpec model,
      int gpus,
      int nodes,
      int tenants,
      CodecSpec codec,
      Placement placement,
      Limits limits,
      Troubles troubles) {
    this(
        hardware,
        model,
        gpus,
        nodes,
        tenants,
        codec,
        placement,
        limits,
        troubles,
        Optional.empty());
  }

  /**
   * Numbers of the compared systems.
   *
   * @param deltaZipSlots deltas on a node's device under DeltaZip
   * @param deltaZipHostSlots deltas in its host memory
   * @param swapSlots whole models on a node's device under swapping
   * @param swapHostSlots whole models in its host memory
   * @param tokensPerStep of every scheduler
   * @param runningMax of every scheduler
   * @param waitingMax of every scheduler
   * @param ageMax after which a tenant without a slot makes another give one up
   */
  public record Limits(
      int deltaZipSlots,
      int deltaZipHostSlots,
      int swapSlots,
      int swapHostSlots,
      int tokensPerStep,
      int runningMax,
      int waitingMax,
      Nanos ageMax) {
    /** As in the DeltaZip paper's artifact where it says, Tributary's own otherwise. */
    public static final Limits DEFAULT =
        new Limits(8, 16, 1, 4, 1024, 256, 50_000, Nanos.ofMillis(10_000));

    public Limits withDeltaZipSlots(int slots) {
      return new Limits(
          slots,
          deltaZipHostSlots,
          swapSlots,
          swapHostSlots,
          tokensPerStep,
          runningMax,
          waitingMax,
          ageMax);
    }

    public Limits withSwapSlots(int slots) {
      return new Limits(
          deltaZipSlots,
          deltaZipHostSlots,
          slots,
          swapHostSlots,
          tokensPerStep,
          runningMax,
          waitingMax,
          ageMax);
    }
  }

  /** What goes wrong, and how long it takes until a death is noticed. */
  public record Troubles(List<Failure> failures, Nanos detection) {
    public static final Troubles NONE = new Troubles(List.of(), Nanos.ZERO);
  }

  public Setting {
    if (gpus < 1 || gpus > GPUS_MAX) {
      throw TributaryException.parameter("gpus", gpus, 1, GPUS_MAX);
    }
    if (tenants < 1) {
      throw new TributaryException(ErrorCode.INVALID_PARAMETER, "tenants must be at least 1");
    }
  }

  public Setting withTenants(int other) {
    return new Setting(
        hardware, model, gpus, nodes, other, codec, placement, limits, troubles, costs);
  }

  public Setting withNodes(int other) {
    return new Setting(
        hardware, model, gpus, other, tenants, codec, placement, limits, troubles, costs);
  }

  public Setting withCosts(CostModel calibrated) {
    return new Setting(
        hardware,
        model,
        gpus,
        nodes,
        tenants,
        codec,
        placement,
        limits,
        troubles,
        Optional.of(calibrated));
  }
}
