package tributary.compression;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.compression.allocation.Allocation.Choice;
import tributary.compression.allocation.Allocation.Part;
import tributary.compression.bands.CodebookDistortion;
import tributary.compression.bands.VectorCodesEncoder.Search;
import tributary.compression.bitdelta.Difference;
import tributary.compression.bitdelta.Encoded;
import tributary.compression.bitdelta.UniformEncoder;
import tributary.compression.quality.Agreement;
import tributary.model.gradient.Completion;
import tributary.tensor.TensorView;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.VectorCodes;

/**
 * What a fine-tune is expected to lose by each size of each of its parts.
 *
 * <p>Two measurements say what all linear layers lose together at one bit, and what the embeddings
 * lose, on records that are held out and made less familiar (see {@link UnseenTokens}); what
 * embeddings lose is the mean of that and of what they lose on the records as they are. Squared
 * gradients share the linear layers' loss out among them. The loss of a part falls with its size as
 * the squared error of its code does.
 *
 * <p>None of this needs many tokens: shares settle with a few thousand, and what linear layers lose
 * that were calibrated with few tells what they lose with more.
 */
final class AutoLosses {
  private static final Logger LOG = LoggerFactory.getLogger(AutoLosses.class);

  /** Rows that share a byte: from 4 bits a weight down to half a bit. */
  private static final int[] ROWS = {2, 3, 4, 5, 6, 7, 8, 10, 12, 16};

  private static final int[] VOCABULARY_BITS = {1, 2, 3, 4, 5, 6, 8};

  /** Rows of the code whose loss is measured: one bit a weight. */
  private static final int MEASURED_ROWS = 8;

  /** Tokens that the measured layers are calibrated with. */
  private static final long LEARNED_TOKENS = 1 << 12;

  /** Tokens that are measured on, and whose gradients are looked at. */
  private static final long FEW_TOKENS = 1 << 11;

  /** Records whose gradients are looked at, at most. */
  private static final int GRADIENT_RECORDS = 64;

  /** Divergence falls with the tokens of calibration as this power of their number. */
  private static final double TOKENS_POWER = -0.18;

  /**
   * What part of the model loses when coded alone at one bit.
   *
   * @param expected on records that are yet to come
   * @param known on held-out records as they are
   */
  private record Loss(double expected, Agreement known) {
    /** The divergence on held-out records, per what is expected. */
    double knownShare() {
      return expected > 0 ? known.divergence() / expected : 1;
    }
  }

  private final LinearCoding.Models models;
  private final SequencedMap<String, TensorChange.Vocabulary> vocabulary;
  private final CalibrationRecords.Split records;
  private final PlannedModel coded;
  private final Loss linears;
  private final SequencedMap<String, Loss> others = new LinkedHashMap<>();
  private final List<Part> parts = new ArrayList<>();

  /** Measures, which takes as long as an eighth of a calibration, or all of a short one. */
  AutoLosses(
      LinearCoding.Models models,
      SequencedMap<String, TensorChange.Vocabulary> vocabulary,
      CalibrationRecords.Split records,
      PlannedModel coded) {
    this.models = models;
    this.vocabulary = vocabulary;
    this.records = records;
    this.coded = coded;
    this.linears = measure();
    addParts();
  }

  /** Every part with the ways to store it. */
  List<Part> parts() {
    return List.copyOf(parts);
  }

  /** The plan that a choice for each part stands for. */
  AutoPlan plan(int[] chosen) {
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
      double size = linear ? (double) Byte.SIZE / ROWS[chosen[i]] : VOCABULARY_BITS[chosen[i]];
      double loss = part.choices().get(chosen[i]).loss();
      reasons.add("%s: %.2f bits, expected loss %.2g".formatted(part.name(), size, loss));
    }
    return new AutoPlan(rows, bits, reasons, Map.of());
  }

  /** The divergence that is expected of a choice for each part, on held-out records as they are. */
  double divergence(int[] chosen) {
    double sum = 0;
    for (int i = 0; i < chosen.length; i++) {
      Part part = parts.get(i);
      Loss measured = others.getOrDefault(part.name(), linears);
      sum += part.choices().get(chosen[i]).loss() * measured.knownShare();
    }
    return sum;
  }

  /** What was measured of linear layers at one bit, on held-out records as they are. */
  Agreement measured() {
    return linears.known;
  }

  private Loss measure() {
    Map<String, Integer> oneBit = new HashMap<>();
    models.linears().keySet().forEach(name -> oneBit.put(name, MEASURED_ROWS));
    CalibrationRecords few = records.learned().atMost(LEARNED_TOKENS);
    try (Arena arena = Arena.ofShared()) {
      List<Map<String, TensorView>> variants = new ArrayList<>();
      AutoPlan plan = AutoPlan.of(oneBit, Map.of());
      variants.add(coded.decoded(coded.linears(plan, Map.of(), few, Search.ROUGH, arena), arena));
      for (String name : vocabulary.keySet()) {
        variants.add(
            coded.vocabulary(AutoPlan.of(Map.of(), Map.of(name, VOCABULARY_BITS[0])), arena));
      }
      List<Completion> heldOut = CalibrationRecords.first(records.heldOut(), FEW_TOKENS);
      List<Agreement> known = agreements(variants, heldOut);
      List<Agreement> unfamiliar =
          agreements(
              variants,
              UnseenTokens.into(
                  heldOut,
                  records.learned().sequences().sequences(),
                  models.config().vocabularySize()));
      double more = (double) records.learned().sequences().tokens() / few.sequences().tokens();
      double expected = unfamiliar.getFirst().divergence() * Math.pow(more, TOKENS_POWER);
      int at = 1;
      for (String name : vocabulary.keySet()) {
        // Of the tokens that the records lack, the fine-tune was trained on some, as far as is
        // known.
        double mean = (known.get(at).divergence() + unfamiliar.get(at).divergence()) / 2;
        others.put(name, new Loss(mean, known.get(at)));
        at++;
      }
      LOG.info("at one bit: linear layers lose {}, vocabulary {}", expected, others);
      return new Loss(expected, known.getFirst());
    }
  }

  private List<Agreement> agreements(
      List<Map<String, TensorView>> variants, List<Completion> completions) {
    return Agreement.of(
        models.config(), models.tuned(), variants, completions, records.learned().backend().gemm());
  }

  private void addParts() {
    List<Completion> few = CalibrationRecords.first(records.learned().completions(), FEW_TOKENS);
    Map<String, Double> shares =
        LinearShares.of(
            models,
            few.subList(0, Math.min(GRADIENT_RECORDS, few.size())),
            records.learned().backend().gemm());
    double[] distortions = Arrays.stream(ROWS).mapToDouble(CodebookDistortion::of).toArray();
    double atMeasured = CodebookDistortion.of(MEASURED_ROWS);
    models
        .linears()
        .forEach((name, linear) -> {
          int rows = Math.toIntExact(linear.base().shape().dimension(0));
          int columns = Math.toIntExact(linear.base().shape().dimension(1));
          double atOneBit = linears.expected * Objects.requireNonNull(shares.get(name));
          List<Choice> choices = new ArrayList<>();
          for (int i = 0; i < ROWS.length; i++) {
            long bytes =
                VectorCodes.indexBytes(rows, columns, ROWS[i]) + 2 * MatrixCode.halfBytes(rows);
            choices.add(new Choice(bytes, atOneBit * distortions[i] / atMeasured));
          }
          parts.add(new Part(name, choices));
        });
    vocabulary.forEach((name, change) ->
        parts.add(vocabulary(name, change, Objects.requireNonNull(others.get(name)).expected)));
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
        choices.add(new Choice(encoded.planes().size().count(), loss));
      }
    }
    return new Part(name, choices);
  }
}
