package tributary.compression.calibration;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import tributary.gpu.SequenceRows;
import tributary.model.network.Step;
import tributary.model.network.TenantRows;

/**
 * Calibration sequences that are computed in one step, from their first token to their last.
 *
 * @param firstToken its place among the tokens of all chunks
 * @param pages of the cache that the sequences need, from page 0
 */
record Chunk(Step.Batch batch, long firstToken, int pages) {
  static final int PAGE_TOKENS = 16;

  /** Rows of a chunk, unless a single sequence has more. */
  private static final int ROWS_MAX = 2048;

  /** All sequences in order. */
  static List<Chunk> of(CalibrationSet set) {
    List<Chunk> chunks = new ArrayList<>();
    List<int[]> together = new ArrayList<>();
    long firstToken = 0;
    int rows = 0;
    for (int[] sequence : set.sequences()) {
      if (rows > 0 && rows + sequence.length > ROWS_MAX) {
        chunks.add(chunk(together, firstToken));
        together.clear();
        firstToken += rows;
        rows = 0;
      }
      together.add(sequence);
      rows += sequence.length;
    }
    chunks.add(chunk(together, firstToken));
    return chunks;
  }

  private static Chunk chunk(List<int[]> sequences, long firstToken) {
    List<SequenceRows> rows = new ArrayList<>(sequences.size());
    int firstRow = 0;
    int firstPage = 0;
    for (int[] sequence : sequences) {
      int endPage = firstPage + Math.ceilDiv(sequence.length, PAGE_TOKENS);
      int[] pages = IntStream.range(firstPage, endPage).toArray();
      rows.add(new SequenceRows(firstRow, sequence.length, 0, pages));
      firstRow += sequence.length;
      firstPage = endPage;
    }
    int[] tokens = sequences.stream().flatMapToInt(Arrays::stream).toArray();
    TenantRows noTenants = new TenantRows(tokens.length, List.of());
    return new Chunk(new Step.Batch(tokens, noTenants, rows), firstToken, firstPage);
  }

  int rows() {
    return batch.tokens().length;
  }
}
