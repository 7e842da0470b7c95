package tributary.compression;

import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.compression.allocation.Allocation;
import tributary.compression.allocation.Allocation.Part;
import tributary.compression.bands.Codebooks;
import tributary.compression.bands.VectorCodesEncoder.Search;
import tributary.compression.quality.Agreement;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;

/**
 * Chooses a size for every matrix of a fine-tune. Under a budget the sum of {@link AutoLosses} is
 * made least. For a quality the smallest budget of a ladder is sought that keeps it on records that
 * are held out: budgets are compressed and measured, from the one that is expected to do.
 */
final class AutoPlanner {
  private static final Logger LOG = LoggerFactory.getLogger(AutoPlanner.class);

  private static final int HELD_OUT_MAX = 32;
  private static final int HELD_OUT_SHARE = 8;
  private static final long HELD_OUT_TOKENS = 1 << 12;

  /** Budgets that are tried for a quality. */
  private static final double[] BUDGETS = {0.8, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0};

  /** Disagreement changes as this power of the divergence that is expected. */
  private static final double DISAGREEMENT_POWER = 0.6;

  /**
   * What budgets are of.
   *
   * @param weights of the whole fine-tune
   * @param exactBytes that are stored whatever is chosen
   */
  record Extent(long weights, long exactBytes) {
    private long bytes(double bitsPerWeight) {
      return (long) (bitsPerWeight * weights / Byte.SIZE) - exactBytes;
    }

    private double bitsPerWeight(long bytes) {
      return (double) Byte.SIZE * (bytes + exactBytes) / weights;
    }
  }

  private final LinearCoding.Models models;
  private final CalibrationRecords.Split records;
  private final Extent extent;
  private final Arena arena;
  private final Codebooks codebooks = new Codebooks();
  private final PlannedModel coded;
  private final AutoLosses losses;
  private final List<Part> parts;

  /**
   * Measures what there is to lose.
   *
   * @param vocabulary matrices of embeddings and head that differ from the base's
   * @param arena owns the memory of codes that a plan has
   */
  AutoPlanner(
      LinearCoding.Models models,
      SequencedMap<String, TensorChange.Vocabulary> vocabulary,
      CalibrationRecords all,
      Extent extent,
      Arena arena) {
    this.models = models;
    this.records = all.holdOut(HELD_OUT_SHARE, HELD_OUT_MAX, HELD_OUT_TOKENS);
    this.extent = extent;
    this.arena = arena;
    this.coded = new PlannedModel(models, vocabulary, codebooks);
    this.losses = new AutoLosses(models, vocabulary, records, coded);
    this.parts = losses.parts();
  }

  AutoPlan plan(Codec.Goal goal) {
    return switch (goal) {
      case Codec.Goal.Budget(double bits) -> losses.plan(within(bits));
      case Codec.Goal.Quality(double share) -> keeping(share);
    };
  }

  /** Codes each layer as planned. */
  LinearEncoder encoder(AutoPlan plan) {
    return LinearEncoders.planned(
        plan.vectorRows(), codebooks, Search.THOROUGH, records.learned().backend().gemm());
  }

  private int[] within(double bits) {
    long budget = extent.bytes(bits);
    if (Allocation.least(parts) > budget) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "budget_bits is %s; this fine-tune needs at least %.2f"
              .formatted(bits, extent.bitsPerWeight(Allocation.least(parts))),
          "budget_bits");
    }
    return Allocation.share(parts, budget);
  }

  /**
   * A budget that was compressed with and measured.
   *
   * @param expected divergence, before it was measured
   */
  private record Trial(int budget, AutoPlan plan, double expected, Agreement found) {}

  /** The smallest of the budgets that keeps the share; one that is expected not to is not tried. */
  private AutoPlan keeping(double share) {
    int low = 0;
    int high = BUDGETS.length;
    while (low < high - 1 && Allocation.least(parts) > extent.bytes(BUDGETS[low])) {
      low++;
    }
    Agreement oneBit = losses.measured();
    int next = expected(low, oneBit.agreement(), oneBit.divergence(), share);
    Trial kept = null;
    while (low < high) {
      Trial trial = trial(next);
      double agreement = trial.found.agreement();
      int likely = expected(low, agreement, trial.expected, share);
      if (agreement >= share) {
        kept = trial;
        high = trial.budget;
        if (likely >= high) {
          break;
        }
        next = likely;
      } else {
        low = trial.budget + 1;
        requireMore(low, agreement, share);
        next = Math.clamp(likely, low, Math.max(low, high - 1));
      }
    }
    return Objects.requireNonNull(kept).plan;
  }

  /**
   * The smallest budget from {@code low} on that is expected to keep the share, or the largest.
   * Tokens where models disagree become more with the root of their divergence, which itself
   * changes somewhat faster with size than expected.
   *
   * @param agreement that was found where {@code divergence} was expected
   */
  private int expected(int low, double agreement, double divergence, double share) {
    int budget = low;
    while (budget < BUDGETS.length - 1) {
      double smaller = divergence > 0 ? losses.divergence(within(BUDGETS[budget])) / divergence : 0;
      if ((1 - agreement) * Math.pow(smaller, DISAGREEMENT_POWER) <= 1 - share) {
        return budget;
      }
      budget++;
    }
    return budget;
  }

  private Trial trial(int budget) {
    int[] chosen = within(BUDGETS[budget]);
    AutoPlan plan = losses.plan(chosen);
    CalibrationRecords learned = records.learned();
    try (Arena decoded = Arena.ofShared()) {
      Map<String, TensorView> tensors = new HashMap<>(coded.vocabulary(plan, decoded));
      Map<String, DeltaTensor.Coded> codes =
          coded.linears(plan, tensors, learned, Search.THOROUGH, arena);
      tensors.putAll(coded.decoded(codes, decoded));
      Agreement found =
          Agreement.of(
                  models.config(),
                  models.tuned(),
                  List.of(tensors),
                  records.heldOut(),
                  learned.backend().gemm())
              .getFirst();
      LOG.info(
          "{} bits a weight keep {} of the likeliest tokens", BUDGETS[budget], found.agreement());
      // Where records were taken from calibration, the file is calibrated with all of them.
      AutoPlan done = records.isSpare() ? plan.with(codes) : plan;
      return new Trial(budget, done, losses.divergence(chosen), found);
    }
  }

  private static void requireMore(int next, double kept, double share) {
    if (next == BUDGETS.length) {
      throw new TributaryException(
          ErrorCode.QUALITY_UNREACHABLE,
          ("keep_quality is %s; at %s bits a weight, the most that auto spends, %.4f of the likeliest"
                  + " tokens stay on records that are held out; ask for less, or keep everything with"
                  + " codec %s")
              .formatted(share, BUDGETS[next - 1], kept, Codec.Lossless.NAME),
          "keep_quality");
    }
  }
}
