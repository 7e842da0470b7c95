package tributary.scheduling;

import java.util.List;
import tributary.protocol.GenerationRequest;

/**
 * What the next device step computes; empty when there is nothing to do. Slices of one delta lie
 * side by side.
 */
public record StepPlan(long number, List<Slice> slices) {
  /**
   * Some of a sequence's missing tokens.
   *
   * @param request the sequence's request (its id, delta, sampling and stop rule)
   * @param tokens the sequence so far, prompt and output; owned by the scheduler, not to be changed
   * @param length how many of {@code tokens} are valid
   * @param firstPosition of the tokens to compute
   * @param count tokens to compute, at least 1
   * @param pages the page table; covers {@code firstPosition + count} positions
   * @param draws true when the slice reaches the last known token, so that a next one is drawn
   */
  @SuppressWarnings("ArrayRecordComponent") // Shared with the device, row by row, without a copy.
  public record Slice(
      GenerationRequest request,
      int[] tokens,
      int length,
      int firstPosition,
      int count,
      int[] pages,
      boolean draws) {}

  public StepPlan {
    slices = List.copyOf(slices);
  }

  public boolean isEmpty() {
    return slices.isEmpty();
  }

  public int tokenCount() {
    int count = 0;
    for (Slice slice : slices) {
      count += slice.count();
    }
    return count;
  }
}
