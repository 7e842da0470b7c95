package tributary.compression;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.compression.allocation.Allocation;
import tributary.compression.allocation.Allocation.Choice;
import tributary.compression.allocation.Allocation.Part;
import tributary.compression.anyprecision.Sensitivity;
import tributary.compression.bands.CodebookDistortion;
import tributary.compression.bitdelta.Difference;
import tributary.compression.bitdelta.Encoded;
import tributary.compression.bitdelta.UniformEncoder;
import tributary.compression.quality.Agreement;
import tributary.model.gradient.DenseModel;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.TunedMatrix;
import tributary.tensor.format.VectorCodes;

/**
 * Chooses a size for every matrix of a fine-tune.
 *
 * <p>Two measurements on records that are held out say what all linear layers lose together at one
 * bit, and what the embeddings lose. Squared gradients share the former out among the layers. The
 * loss of a part falls with its size as the squared error of its code does. Under a budget the sum
 * of these losses is made least; for a quality the smallest budget is sought that keeps it, each
 * candidate being compressed and measured.
 */
final class AutoPlanner {
  private static final Logger LOG = LoggerFactory.getLogger(AutoPlanner.class);

  /** Rows that share a byte: from 4 bits a weight down to half a bit. */
  private static final int[] ROWS = {2, 3, 4, 5, 6, 7, 8, 10, 12, 16};

  private static final int[] VOCABULARY_BITS = {1, 2, 3, 4, 5, 6, 8};

  /** Rows of the code whose loss is measured: one bit a weight. */
  private static final int MEASURED_ROWS = 8;

  /** Records whose gradients are looked at, and that are held out, at most. */
  private static final int GRADIENT_RECORDS = 64;

  private static final int HELD_OUT_MAX = 32;
  private static final int HELD_OUT_SHARE = 8;

  /** Budgets that are tried for a quality. */
  private static final double[] BUDGETS = {0.8, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0};

  /** What all linear layers and each vocabulary matrix lose when coded alone at one bit. */
  private record Measured(double linears, Map<String, Double> vocabulary) {}

  private final LinearCoding.Models models;
  private final SequencedMap<String, TensorChange.Vocabulary> vocabulary;
  private final CalibrationRecords calibration;
  private final CalibrationRecords heldOut;
  private final long weights;
  private final long exactBytes;

  /**
   * A planner.
   *
   * @param vocabulary matrices of embeddings and head that differ from the base's
   * @param weights of the whole fine-tune
   * @param exactBytes that are stored whatever is chosen
   */
  AutoPlanner(
      LinearCoding.Models models,
      SequencedMap<String, TensorChange.Vocabulary> vocabulary,
      CalibrationRecords records,
      long weights,
      long exactBytes) {
    this.models = models;
    this.vocabulary = vocabulary;
    int held = Math.min(HELD_OUT_MAX, Math.max(1, records.completions().size() / HELD_OUT_SHARE));
    this.calibration = records.without(held);
    this.heldOut = records.last(held);
    this.weights = weights;
    this.exactBytes = exactBytes;
  }

  AutoPlan plan(Codec.Goal goal) {
    List<Part> parts = parts(measure());
    return switch (goal) {
      case Codec.Goal.Budget(double bits) -> within(parts, bits);
      case Codec.Goal.Quality(double share) -> keeping(parts, share);
    };
  }

  private AutoPlan within(List<Part> parts, double bits) {
    long budget = (long) (bits * weights / Byte.SIZE) - exactBytes;
    if (Allocation.least(parts) > budget) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "budget_bits is %s; this fine-tune needs at least %.2f"
              .formatted(
                  bits, (double) Byte.SIZE * (Allocation.least(parts) + exactBytes) / weights),
          "budget_bits");
    }
    return plan(parts, Allocation.share(parts, budget));
  }

  /** The smallest of the budgets that keeps the share, by halving the ladder. */
  private AutoPlan keeping(List<Part> parts, double share) {
    int low = 0;
    while (low < BUDGETS.length - 1 && !affordable(parts, BUDGETS[low])) {
      low++;
    }
    int high = BUDGETS.length - 1;
    while (low < high) {
      int middle = (low + high) / 2;
      double kept = agreement(within(parts, BUDGETS[middle])).agreement();
      LOG.info("{} bits a weight keep {} of the likeliest tokens", BUDGETS[middle], kept);
      if (kept >= share) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return within(parts, BUDGETS[low]);
  }

  private boolean affordable(List<Part> parts, double bits) {
    return Allocation.least(parts) <= (long) (bits * weights / Byte.SIZE) - exactBytes;
  }

  private AutoPlan plan(List<Part> parts, int[] chosen) {
    Map<String, Integer> rows = new HashMap<>();
    Map<String, Integer> bits = new HashMap<>();
    List<String> reasons = new ArrayList<>();
    for (int i = 0; i < chosen.length; i++) {
      Part part = parts.get(i);
      boolean linear = models.linears().containsKey(part.name());
      if (linear) {
        rows.put(part.name(), ROWS[chosen[i]]);
      } else {
        bits.put(part.name(), VOCABULARY_BITS[chosen[i]]);
      }
      reasons.add(
          String.format(
              Locale.ROOT,
              "%s: %.2f bits, expected loss %.2g",
              part.name(),
              linear ? (double) Byte.SIZE / ROWS[chosen[i]] : VOCABULARY_BITS[chosen[i]],
              part.choices().get(chosen[i]).loss()));
    }
    return new AutoPlan(rows, bits, reasons);
  }

  private List<Part> parts(Measured measured) {
    List<Part> parts = new ArrayList<>();
    Map<String, Double> shares = sensitivityShares();
    double[] distortions = Arrays.stream(ROWS).mapToDouble(CodebookDistortion::of).toArray();
    double atMeasured = CodebookDistortion.of(MEASURED_ROWS);
    models
        .linears()
        .forEach((name, linear) -> {
          int rows = Math.toIntExact(linear.base().shape().dimension(0));
          int columns = Math.toIntExact(linear.base().shape().dimension(1));
          List<Choice> choices = new ArrayList<>();
          for (int i = 0; i < ROWS.length; i++) {
            long bytes =
                VectorCodes.indexBytes(rows, columns, ROWS[i]) + MatrixCode.halfBytes(rows);
            double loss =
                measured.linears
                    * Objects.requireNonNull(shares.get(name))
                    * distortions[i]
                    / atMeasured;
            choices.add(new Choice(bytes, loss));
          }
          parts.add(new Part(name, choices));
        });
    vocabulary.forEach((name, change) ->
        parts.add(vocabulary(name, change, Objects.requireNonNull(measured.vocabulary.get(name)))));
    return parts;
  }

  private static Part vocabulary(String name, TensorChange.Vocabulary change, double atOneBit) {
    Difference difference = new Difference(change.base(), change.tuned());
    List<Choice> choices = new ArrayList<>();
    double first = 0;
    for (int bits : VOCABULARY_BITS) {
      try (Arena arena = Arena.ofShared()) {
        Encoded encoded = UniformEncoder.encode(difference, bits, arena);
        first = bits == VOCABULARY_BITS[0] ? encoded.squaredError() : first;
        double loss = first == 0 ? 0 : atOneBit * encoded.squaredError() / first;
        long bytes = encoded.planes().size().count();
        choices.add(new Choice(bytes, loss));
      }
    }
    return new Part(name, choices);
  }

  /** Which share of the linear layers' loss is whose: squared gradients times squared changes. */
  private Map<String, Double> sensitivityShares() {
    DenseModel tuned = DenseModel.load(models.config(), models.tuned());
    var records = calibration.completions();
    Map<String, float[]> squares =
        Sensitivity.of(
            tuned,
            models.linears().keySet(),
            records.subList(0, Math.min(GRADIENT_RECORDS, records.size())),
            calibration.backend().gemm(),
            (_, _) -> {});
    Map<String, Double> shares = new LinkedHashMap<>();
    double all = 0;
    for (var linear : models.linears().entrySet()) {
      float[] difference = linear.getValue().problem(linear.getKey()).difference();
      float[] minds = Objects.requireNonNull(squares.get(linear.getKey()));
      double sum = 0;
      for (int i = 0; i < difference.length; i++) {
        sum += (double) minds[i] * difference[i] * difference[i];
      }
      shares.put(linear.getKey(), sum);
      all += sum;
    }
    double total = all;
    int count = shares.size();
    shares.replaceAll((_, sum) -> total > 0 ? sum / total : 1.0 / count);
    return shares;
  }

  private Measured measure() {
    Map<String, Integer> oneBit = new HashMap<>();
    models.linears().keySet().forEach(name -> oneBit.put(name, MEASURED_ROWS));
    double linears = agreement(new AutoPlan(oneBit, Map.of(), List.of())).divergence();
    Map<String, Double> each = new HashMap<>();
    for (String name : vocabulary.keySet()) {
      AutoPlan alone = new AutoPlan(Map.of(), Map.of(name, VOCABULARY_BITS[0]), List.of());
      each.put(name, agreement(alone).divergence());
    }
    return new Measured(linears, each);
  }

  /** How the model of a plan agrees with the fine-tune; parts without a size stay exact. */
  private Agreement agreement(AutoPlan plan) {
    try (Arena arena = Arena.ofShared()) {
      Map<String, TensorView> coded = new HashMap<>();
      plan.vocabularyBits()
          .forEach((name, bits) -> {
            TensorChange.Vocabulary change = Objects.requireNonNull(vocabulary.get(name));
            coded.put(name, decoded(change, bits, arena));
          });
      if (!plan.vectorRows().isEmpty()) {
        var from =
            new LinearCoding.Models(
                models.config(),
                models.base(),
                models.tuned(),
                Map.copyOf(coded),
                models.linears());
        var codec = new Codec.VectorCodes(MEASURED_ROWS, false, new Codec.Storage(16, false));
        var gemm = calibration.backend().gemm();
        new LinearCoding(
                codec,
                LinearEncoders.planned(plan.vectorRows(), gemm),
                from,
                calibration,
                arena,
                (_, _) -> {})
            .run()
            .forEach((name, code) -> {
              TensorView base = Objects.requireNonNull(models.linears().get(name)).base();
              DeltaTensor.Coded difference = new DeltaTensor.Coded(code, null, null);
              coded.put(name, TunedMatrix.of(base, difference).toDense(arena));
            });
      }
      return Agreement.of(
          models.config(), models.tuned(), coded, heldOut.completions(), heldOut.backend());
    }
  }

  private static TensorView decoded(TensorChange.Vocabulary change, int bits, Arena arena) {
    MatrixCode code =
        UniformEncoder.encode(new Difference(change.base(), change.tuned()), bits, arena).planes();
    DeltaTensor.Coded coded = new DeltaTensor.Coded(code, null, change.added());
    return TunedMatrix.of(change.base(), coded).toDense(arena);
  }
}
