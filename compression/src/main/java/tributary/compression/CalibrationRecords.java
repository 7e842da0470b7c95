package tributary.compression;

import java.nio.file.Path;
import java.util.List;
import tributary.compression.calibration.CalibrationSet;
import tributary.compression.quality.Records;
import tributary.gpu.Backend;
import tributary.model.ModelConfig;
import tributary.model.gradient.Completion;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * Calibration records as the fine-tune reads them.
 *
 * @param sequences all that the fine-tune reads
 * @param completions the same records with where their completions begin
 * @param backend that computes them
 */
record CalibrationRecords(CalibrationSet sequences, List<Completion> completions, Backend backend) {
  static CalibrationRecords read(
      Path model, ModelConfig config, DeltaEncoder.Calibration calibration) {
    int endToken =
        config.eosTokens().stream()
            .min(Integer::compare)
            .orElseThrow(() ->
                new TributaryException(
                    ErrorCode.MODEL_CONFIG,
                    model + ": config.json names no eos_token_id, which ends records"));
    int context = config.contextLength();
    var limits = new CalibrationSet.Limits(calibration.samples(), calibration.tokens(), context);
    Path file = calibration.records();
    try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
      CalibrationSet sequences = CalibrationSet.read(file, limits, tokenizer, endToken);
      List<Completion> completions =
          Records.completions(file, calibration.samples(), tokenizer, endToken).stream()
              .map(completion -> completion.cut(context))
              .toList();
      return new CalibrationRecords(sequences, completions, calibration.backend());
    }
  }

  /** All but the last {@code count} records. */
  CalibrationRecords without(int count) {
    int left = Math.max(1, sequences.sequences().size() - count);
    return new CalibrationRecords(
        new CalibrationSet(sequences.sequences().subList(0, left)),
        completions.subList(0, Math.max(1, completions.size() - count)),
        backend);
  }

  /** The last {@code count} records. */
  CalibrationRecords last(int count) {
    return new CalibrationRecords(
        sequences, completions.subList(completions.size() - count, completions.size()), backend);
  }
}
