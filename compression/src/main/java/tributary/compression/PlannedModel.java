package tributary.compression;

import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import tributary.compression.bands.Codebooks;
import tributary.compression.bands.VectorCodesEncoder.Search;
import tributary.compression.bitdelta.Difference;
import tributary.compression.bitdelta.UniformEncoder;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.TunedMatrix;

/** A fine-tune whose parts are coded with planned sizes, to look at what becomes of it. */
final class PlannedModel {
  private final LinearCoding.Models models;
  private final SequencedMap<String, TensorChange.Vocabulary> vocabulary;
  private final Codebooks codebooks;

  PlannedModel(
      LinearCoding.Models models,
      SequencedMap<String, TensorChange.Vocabulary> vocabulary,
      Codebooks codebooks) {
    this.models = models;
    this.vocabulary = vocabulary;
    this.codebooks = codebooks;
  }

  /** The plan's embeddings and head, decoded. */
  Map<String, TensorView> vocabulary(AutoPlan plan, Arena arena) {
    Map<String, TensorView> decoded = new HashMap<>();
    plan.vocabularyBits()
        .forEach((name, bits) -> {
          TensorChange.Vocabulary change = Objects.requireNonNull(vocabulary.get(name));
          Difference difference = new Difference(change.base(), change.tuned());
          MatrixCode code = UniformEncoder.encode(difference, bits, arena).planes();
          DeltaTensor.Coded coded = new DeltaTensor.Coded(code, null, change.added());
          decoded.put(name, TunedMatrix.of(change.base(), coded).toDense(arena));
        });
    return decoded;
  }

  /**
   * Codes of the plan's linear layers.
   *
   * @param given embeddings and head that they are calibrated behind
   */
  Map<String, DeltaTensor.Coded> linears(
      AutoPlan plan,
      Map<String, TensorView> given,
      CalibrationRecords records,
      Search search,
      Arena arena) {
    var from =
        new LinearCoding.Models(
            models.config(), models.base(), models.tuned(), Map.copyOf(given), models.linears());
    LinearEncoder encoder =
        LinearEncoders.planned(plan.vectorRows(), codebooks, search, records.backend().gemm());
    var codec = new Codec.Auto(new Codec.Goal.Quality(1), false, false);
    return new LinearCoding(codec, encoder, from, records, arena, (_, _) -> {}).run();
  }

  /** The linear layers that codes make of the base's. */
  Map<String, TensorView> decoded(Map<String, DeltaTensor.Coded> codes, Arena arena) {
    Map<String, TensorView> decoded = new HashMap<>();
    codes.forEach((name, code) -> {
      TensorView base = Objects.requireNonNull(models.linears().get(name)).base();
      decoded.put(name, TunedMatrix.of(base, code).toDense(arena));
    });
    return decoded;
  }
}
