package tributary.model.gradient;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Completions that are computed together.
 *
 * @param batch the tokens that are read
 * @param rows of the batch whose logits predict a completion's tokens, ascending
 * @param targets the tokens that those rows predict
 */
@SuppressWarnings("ArrayRecordComponent") // Belongs to one step of a calibration.
public record CompletionBatch(TokenBatch batch, int[] rows, int[] targets) {
  public static CompletionBatch of(List<Completion> completions) {
    List<int[]> sequences =
        completions.stream().map(c -> Arrays.copyOf(c.tokens(), c.inputs())).toList();
    var rows = IntStream.builder();
    int first = 0;
    for (Completion completion : completions) {
      for (int token = completion.from(); token < completion.tokens().length; token++) {
        rows.add(first + token - 1);
      }
      first += completion.inputs();
    }
    int[] targets =
        completions.stream()
            .flatMapToInt(c -> Arrays.stream(c.tokens(), c.from(), c.tokens().length))
            .toArray();
    return new CompletionBatch(new TokenBatch(sequences), rows.build().toArray(), targets);
  }
}
