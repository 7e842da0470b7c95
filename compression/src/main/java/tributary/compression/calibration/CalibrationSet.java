package tributary.compression.calibration;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tributary.compression.quality.Records;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * The token sequences that codecs look at. The same file and limits give the same sequences.
 *
 * @param sequences at least one, each with at least one token
 */
public record CalibrationSet(List<int[]> sequences) {
  private static final String RECORDS_SUFFIX = ".jsonl";

  /**
   * How much is taken of a file.
   *
   * @param samples records, or windows of a text, from the beginning; the file must have as many
   * @param tokens of all sequences together; what is past them is cut off
   * @param contextTokens that the model can see; of a longer sequence the end is kept
   */
  public record Limits(int samples, long tokens, int contextTokens) {
    public Limits {
      requirePositive("samples", samples, Integer.MAX_VALUE);
      requirePositive("calibration tokens", tokens, Long.MAX_VALUE);
      requirePositive("context tokens", contextTokens, Integer.MAX_VALUE);
    }

    private static void requirePositive(String name, long found, long max) {
      if (found < 1) {
        throw TributaryException.parameter(name, (double) found, 1, (double) max);
      }
    }
  }

  public CalibrationSet {
    sequences = List.copyOf(sequences);
    if (sequences.isEmpty() || sequences.stream().anyMatch(sequence -> sequence.length == 0)) {
      throw new IllegalArgumentException(
          "calibration: %d sequences; wanted at least one, and none empty"
              .formatted(sequences.size()));
    }
  }

  /**
   * Reads task records from a {@code .jsonl} file, and text from any other.
   *
   * @param endToken ends every completion and every document
   */
  public static CalibrationSet read(
      Path file, Limits limits, TextTokenizer tokenizer, int endToken) {
    List<int[]> inputs =
        file.toString().endsWith(RECORDS_SUFFIX)
            ? Records.taskInputs(file, limits.samples, tokenizer, endToken)
            : Records.textInputs(file, limits.samples, tokenizer, endToken);
    if (inputs.size() < limits.samples) {
      throw new TributaryException(
          ErrorCode.INVALID_REQUEST,
          "%s has %d records or windows of text, %d were asked for; give more, or ask for fewer"
              .formatted(file, inputs.size(), limits.samples));
    }
    return cut(inputs, limits);
  }

  static CalibrationSet cut(List<int[]> inputs, Limits limits) {
    List<int[]> sequences = new ArrayList<>();
    long left = limits.tokens;
    for (int[] input : inputs) {
      int kept = Math.min(input.length, limits.contextTokens);
      int[] end = Arrays.copyOfRange(input, input.length - kept, input.length);
      if (end.length > left) {
        end = Arrays.copyOf(end, (int) left);
      }
      if (end.length > 0) {
        sequences.add(end);
        left -= end.length;
      }
    }
    return new CalibrationSet(sequences);
  }

  /** Tokens of all sequences. */
  public long tokens() {
    return sequences.stream().mapToLong(sequence -> sequence.length).sum();
  }
}
