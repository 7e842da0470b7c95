package tributary.compression;

import java.nio.file.Path;
import tributary.compression.calibration.CalibrationSet;
import tributary.model.ModelConfig;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Reads calibration records as the fine-tune reads them. */
final class CalibrationRecords {
  /** Bounds time and memory whatever the records' lengths. */
  private static final long TOKENS_MAX = 1 << 17;

  private CalibrationRecords() {}

  static CalibrationSet read(
      Path model, ModelConfig config, DeltaEncoder.Calibration calibration) {
    int endToken =
        config.eosTokens().stream()
            .min(Integer::compare)
            .orElseThrow(() ->
                new TributaryException(
                    ErrorCode.MODEL_CONFIG,
                    model + ": config.json names no eos_token_id, which ends records"));
    var limits =
        new CalibrationSet.Limits(calibration.samples(), TOKENS_MAX, config.contextLength());
    try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
      return CalibrationSet.read(calibration.records(), limits, tokenizer, endToken);
    }
  }
}
