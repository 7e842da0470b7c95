package tributary.compression;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.ToIntFunction;
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
 * @param sequences all that the fine-tune reads, within the tokens that were allowed
 * @param completions the same records with where their completions begin
 * @param backend that computes them
 * @param directory for temporary files
 */
record CalibrationRecords(
    CalibrationSet sequences, List<Completion> completions, Backend backend, Path directory) {
  /** Reads a job's records; temporary files lie beside the delta that is to be. */
  static CalibrationRecords read(DeltaEncoder.Job job, ModelConfig config) {
    Path model = job.model();
    DeltaEncoder.Calibration calibration = job.calibration().orElseThrow();
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
      Path directory = Objects.requireNonNull(job.out().toAbsolutePath().getParent());
      return new CalibrationRecords(sequences, completions, calibration.backend(), directory);
    }
  }

  /**
   * Records to learn from, and others to measure on.
   *
   * @param learned what is left for calibration
   * @param heldOut completions that no sequence of {@code learned} has
   * @param isSpare whether there are so many records that nothing was taken from the sequences
   */
  record Split(CalibrationRecords learned, List<Completion> heldOut, boolean isSpare) {}

  /**
   * Holds out the last records: those past what calibration may read, where they are enough.
   *
   * @param share one record in so many
   * @param most records
   * @param tokens of all of them, but for one record, which is always held out
   */
  Split holdOut(int share, int most, long tokens) {
    int spare = completions.size() - sequences.sequences().size();
    List<Completion> outside = last(completions, share, most, tokens);
    if (outside.size() <= spare) {
      int left = completions.size() - outside.size();
      return new Split(with(sequences, completions.subList(0, left)), outside, true);
    }
    List<Completion> read = bounded().completions;
    List<Completion> held = last(read, share, most, tokens);
    int left = Math.max(1, sequences.sequences().size() - held.size());
    return new Split(
        with(
            new CalibrationSet(sequences.sequences().subList(0, left)),
            read.subList(0, Math.max(1, read.size() - held.size()))),
        held,
        false);
  }

  private static List<Completion> last(List<Completion> records, int share, int most, long tokens) {
    int wanted = Math.clamp(records.size() / share, 1, most);
    List<Completion> last = records.subList(records.size() - wanted, records.size());
    return last.subList(wanted - fitting(last.reversed(), Completion::inputs, tokens), wanted);
  }

  /** The same with only as many of the completions as have no more tokens than the sequences. */
  CalibrationRecords bounded() {
    return with(sequences, first(completions, sequences.tokens()));
  }

  /** The first records, of no more than so many tokens, but one at least. */
  CalibrationRecords atMost(long tokens) {
    List<int[]> all = sequences.sequences();
    return with(
        new CalibrationSet(all.subList(0, fitting(all, sequence -> sequence.length, tokens))),
        first(completions, tokens));
  }

  /** The first of some completions, of no more than so many tokens, but one at least. */
  static List<Completion> first(List<Completion> completions, long tokens) {
    return completions.subList(0, fitting(completions, Completion::inputs, tokens));
  }

  private static <T> int fitting(List<T> records, ToIntFunction<T> size, long tokens) {
    long left = tokens;
    int count = 0;
    while (count < records.size() && left >= size.applyAsInt(records.get(count))) {
      left -= size.applyAsInt(records.get(count));
      count++;
    }
    return Math.max(1, count);
  }

  private CalibrationRecords with(CalibrationSet others, List<Completion> fewer) {
    return new CalibrationRecords(others, fewer, backend, directory);
  }
}
