package tributary.compression.deltazip;

import java.lang.foreign.Arena;
import tributary.compression.LinearProblem;
import tributary.compression.deltazip.PruningCoder.Scale;
import tributary.compression.solver.LayerCurvatures;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.format.MatrixCode;

/**
 * Prunes and quantizes differences as DeltaZip does. By the published rule a row's scale follows
 * from its largest weight; fitted scales are searched for the least output error on the calibration
 * records, and never give more than the published ones.
 */
public final class DeltaZipEncoder {
  /** How scales are found. */
  public enum Rule {
    PUBLISHED,
    FITTED
  }

  /**
   * What to encode to.
   *
   * @param bits of a kept weight, 1 to 8
   * @param groupColumns inputs that share a scale, at least the pattern's; 0 for one scale a row
   * @param damping of the curvature, as a share of its mean diagonal entry
   */
  public record Settings(int bits, Keep keep, int groupColumns, Rule rule, double damping) {
    public static final double USUAL_DAMPING = 0.01;

    public Settings {
      requireRange("bits", bits, 1, 8);
      requireRange("group", groupColumns, 0, 1 << 16);
      if (keep instanceof Keep.Some(_, int of) && groupColumns % of != 0) {
        throw new TributaryException(
            ErrorCode.INVALID_PARAMETER,
            "group is %d; a scale must serve whole groups of %d inputs, of which some are pruned"
                .formatted(groupColumns, of),
            "group");
      }
    }

    private static void requireRange(String name, int found, int min, int max) {
      if (found < min || found > max) {
        throw TributaryException.parameter(name, found, min, max);
      }
    }

    /** 2:4 with a scale a row. */
    public static Settings twoOfFour(int bits, Rule rule) {
      return new Settings(bits, new Keep.Some(2, 4), 0, rule, USUAL_DAMPING);
    }
  }

  /** Fitted scales are tried in these sizes, for compensation widens what is left to code. */
  private static final double[] SIZES = {0.8, 1.25};

  private final Settings settings;
  private final LayerCurvatures curvatures;

  public DeltaZipEncoder(Settings settings) {
    this.settings = settings;
    this.curvatures = new LayerCurvatures(settings.damping);
  }

  /**
   * Codes a layer's difference. The same problem gives the same code on every machine.
   *
   * @param arena owns the memory of the code
   */
  public MatrixCode encode(LinearProblem problem, Arena arena) {
    Coded coded = coded(problem);
    return settings.keep.isTwoOfFour()
        ? Packing.twoOfFour(coded, arena)
        : Packing.grouped(coded, arena);
  }

  /** The layer's difference before it is packed: what is pruned, and all codes. */
  Coded coded(LinearProblem problem) {
    requirePattern(problem);
    Sweeps sweeps = new Sweeps(problem, settings, curvatures.of(problem));
    Coded coded =
        switch (settings.rule) {
          case PUBLISHED -> sweeps.coded(Levels.symmetric(settings.bits), DeltaZipEncoder::absMax);
          case FITTED -> fitted(sweeps);
        };
    if (!Double.isFinite(coded.loss())) {
      throw new TributaryException(
          ErrorCode.INCOMPATIBLE_MODELS,
          "tensor %s: base or fine-tune holds values that are not finite"
              .formatted(Quoted.of(problem.name())));
    }
    return coded;
  }

  /** Of the levels that fit the pattern those with less loss, and then each row's best scale. */
  private Coded fitted(Sweeps sweeps) {
    Levels symmetric = Levels.symmetric(settings.bits);
    Coded best = sweeps.refitted(symmetric, DeltaZipEncoder::absMax);
    best.takeBetterRows(sweeps.refitted(symmetric, leastCost(1)));
    // Without a code for 0, pruned weights must be told apart by their position.
    if (settings.keep.isTwoOfFour() || settings.keep instanceof Keep.All) {
      Coded midRise = sweeps.refitted(Levels.midRise(settings.bits), leastCost(1));
      best = midRise.loss() < best.loss() ? midRise : best;
    }
    for (double size : SIZES) {
      best.takeBetterRows(sweeps.refitted(best.levels(), leastCost(size)));
    }
    return best;
  }

  private static double absMax(double[] weights, double[] costs, Levels levels) {
    return ScaleFit.absMax(weights, levels);
  }

  private static Scale leastCost(double size) {
    return (weights, costs, levels) -> size * ScaleFit.leastCost(weights, costs, levels);
  }

  private void requirePattern(LinearProblem problem) {
    if (settings.keep instanceof Keep.Some(int kept, int of) && problem.columns() % of != 0) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "tensor %s has %d inputs; to keep %d of %d they must be a multiple of %d: keep all"
              .formatted(Quoted.of(problem.name()), problem.columns(), kept, of, of));
    }
  }
}
