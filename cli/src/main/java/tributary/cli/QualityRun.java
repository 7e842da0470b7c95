package tributary.cli;

import java.nio.file.Path;
import tributary.compression.quality.Evaluation;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.ResidentDelta;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** An evaluation and what it was opened with. */
record QualityRun(TextTokenizer tokenizer, ForwardPass pass, Evaluation evaluation)
    implements AutoCloseable {
  private static final int PAGE_TOKENS = 16;

  /** Enough for a few records of the longest kind side by side. */
  private static final int PAGES = 256;

  /**
   * @param directory whose tokenizer reads the records
   */
  static QualityRun of(Path directory, BaseModel model, ResidentDelta delta) {
    int endToken =
        model.config().eosTokens().stream()
            .min(Integer::compare)
            .orElseThrow(() ->
                new TributaryException(
                    ErrorCode.MODEL_CONFIG,
                    directory + ": config.json names no eos_token_id, which ends records"));
    TextTokenizer tokenizer = TextTokenizer.open(directory);
    ForwardPass pass = ForwardPass.create(model, PAGES, PAGE_TOKENS);
    return new QualityRun(tokenizer, pass, new Evaluation(pass, delta, tokenizer, endToken));
  }

  @Override
  public void close() {
    pass.close();
    tokenizer.close();
  }
}
