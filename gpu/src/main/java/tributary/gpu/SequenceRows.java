package tributary.gpu;

/**
 * Neighbouring rows of a batch that are consecutive positions of one sequence.
 *
 * @param firstRow of the batch
 * @param rows at least 1
 * @param firstPosition of the first of these rows in its sequence; all positions before it are in
 *     the cache already
 * @param pages the sequence's page table: position p lies in page {@code pages[p / pageTokens]} at
 *     slot {@code p % pageTokens}; covers at least {@code firstPosition + rows} positions
 */
public record SequenceRows(int firstRow, int rows, int firstPosition, int[] pages) {}
