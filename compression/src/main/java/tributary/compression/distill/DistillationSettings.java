package tributary.compression.distill;

import tributary.protocol.TributaryException;

/**
 * How scales are distilled.
 *
 * @param objective what is to become small
 * @param parameters what the optimizer moves
 * @param rate of Adam at the beginning, in units of {@code parameters}; it falls to 0 as a cosine
 * @param steps of the optimizer
 * @param batchRecords records of a step
 * @param recordTokens at most, of a record; a longer one is cut
 * @param heldOutShare of the records that decide which step's scales are taken; at least one record
 * @param seed of the order of the records
 */
public record DistillationSettings(
    Objective objective,
    Parameters parameters,
    double rate,
    int steps,
    int batchRecords,
    int recordTokens,
    double heldOutShare,
    long seed) {

  /** What is to become small. */
  public enum Objective {
    /** The squared distance of logits at all positions: what BitDelta published. */
    SQUARED_LOGITS,
    /** The divergence from the fine-tune's distribution where completions are predicted. */
    COMPLETION_DIVERGENCE
  }

  /** What the optimizer moves. */
  public enum Parameters {
    /** The scales. */
    SCALES,
    /** Their logarithms: every step changes a scale by a share of itself, and never its sign. */
    LOGARITHMS
  }

  public DistillationSettings {
    require("distillation rate", rate, Double.MIN_VALUE, 1);
    require("distillation steps", steps, 1, 1_000_000);
    require("records a step", batchRecords, 1, 1024);
    require("tokens a record", recordTokens, 2, 1 << 20);
    require("share held out", heldOutShare, Double.MIN_VALUE, 0.9);
  }

  /** BitDelta's published settings, with an eighth of the records held out. */
  public static DistillationSettings published(long seed) {
    return new DistillationSettings(
        Objective.SQUARED_LOGITS, Parameters.SCALES, 1e-4, 200, 4, 128, 0.125, seed);
  }

  /** Divergence at completions, by logarithms of scales. */
  public static DistillationSettings ofCompletions(long seed) {
    return new DistillationSettings(
        Objective.COMPLETION_DIVERGENCE, Parameters.LOGARITHMS, 1e-2, 200, 4, 128, 0.125, seed);
  }

  private static void require(String name, double found, double least, double most) {
    if (!(found >= least && found <= most)) {
      throw TributaryException.parameter(name, found, least, most);
    }
  }
}
