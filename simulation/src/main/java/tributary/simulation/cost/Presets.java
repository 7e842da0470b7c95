package tributary.simulation.cost;

import java.util.List;
import java.util.Map;

/**
 * Cost models of GPUs that nobody has calibrated: whole decode steps of a Llama-2-7B shape that
 * were measured on an H100, carried over by bytes and bandwidth, and prefill by arithmetic.
 */
public final class Presets {
  /** Steps of 1 to 32 rows take so much longer than reading the weights does. */
  private static final double OVER_BOUND = 5.41e-3 / (13.213e9 / 3.094e12);

  /** Rows 8 to 16 and 16 to 32 cost this share of reading the weights, each. */
  private static final double ROW_TO_16 = 0.073e-3 / (13.213e9 / 3.094e12);

  private static final double ROW_BEYOND_16 = 0.0043e-3 / (13.213e9 / 3.094e12);

  /** Share of the read bandwidth at which attention reads keys and values. */
  private static final double ATTENTION_READS = 2.843e12 / 3.094e12;

  /** Share of a large product's speed that prefill reaches: an assumption. */
  private static final double PREFILL_COMPUTE = 0.6;

  /** Share of it that attention's own products reach: an assumption. */
  private static final double ATTENTION_COMPUTE = 0.4;

  /** A draw on the device, and the host's share of a step per sequence: assumptions. */
  private static final double DRAW = 2e-6;

  private static final double SEQUENCE = 3e-6;
  private static final double H100_READS = 3.094e12;

  /** Two all-reduces a layer between GPUs that share a model: an assumption for NVLink. */
  private static final double ALL_REDUCE = 12e-6;

  private Presets() {}

  /**
   * The costs of a node.
   *
   * @param gpus that share every matrix, at least 1
   */
  public static CostModel of(Hardware hardware, ModelSpec model, CodecSpec codec, int gpus) {
    return new CostModel(
        "%s, %s, %s, %d GPU".formatted(hardware.name(), model.name(), codec.name(), gpus),
        hardware.source() + "; " + codec.source(),
        step(hardware, model, gpus),
        Map.of(codec.name(), deltas(hardware, model, codec, gpus)),
        LoopCosts.NONE,
        hardware.disk(),
        new LinkCost(
            hardware.hostLink().bytesPerSecond() * gpus,
            hardware.hostLink().latencySeconds(),
            hardware.hostLink().concurrent()),
        null);
  }

  private static StepCosts step(Hardware hardware, ModelSpec model, int gpus) {
    double read = model.stepBytes() / hardware.readBandwidth() / gpus;
    double shared = gpus == 1 ? 0 : 2 * model.layers() * ALL_REDUCE;
    double rowCompute = model.stepBytes() / (PREFILL_COMPUTE * hardware.compute()) / gpus;
    // Rows are all but free until their arithmetic takes as long as reading the weights.
    double ridge = Math.max(33, Math.rint(read * OVER_BOUND / rowCompute));
    Curve rows =
        new Curve(
            List.of(0.0, 8.0, 16.0, ridge),
            List.of(0.0, ROW_TO_16 * read, ROW_BEYOND_16 * read, rowCompute));
    double position = model.kvBytes().count() / (ATTENTION_READS * hardware.readBandwidth()) / gpus;
    double pair =
        4.0 * model.hidden() * model.layers() / (ATTENTION_COMPUTE * hardware.compute()) / gpus;
    return new StepCosts(OVER_BOUND * read + shared, rows, SEQUENCE, position, pair, DRAW);
  }

  private static DeltaCosts deltas(Hardware hardware, ModelSpec model, CodecSpec codec, int gpus) {
    double slower = H100_READS / hardware.readBandwidth();
    double larger = model.linearWeights() / CodecSpec.SEVEN_BILLION;
    double gigabytes = Math.max(codec.size(model).count() / 1e9, 1e-9);
    // A delta's products are as many operations as the base's; low rank ones are few.
    boolean full = codec.linearBits() > 0;
    double operations = full ? model.stepBytes() : 2 * codec.size(model).count() / 2.0;
    double rowCompute = operations / (PREFILL_COMPUTE * hardware.compute()) / gpus;
    return new DeltaCosts(
        codec.delta() * slower * larger / gpus,
        codec.gigabytes().times(slower / gpus),
        rowCompute / gigabytes);
  }
}
