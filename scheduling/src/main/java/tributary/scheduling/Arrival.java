package tributary.scheduling;

import org.jspecify.annotations.Nullable;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;

/**
 * A request as it comes to a device.
 *
 * @param credit output tokens that the reader can take now; see {@link Scheduler#credit}
 * @param loading tells the weights apart that sequences of one variant may run with, such as those
 *     of two versions; KV is shared within one loading only
 * @param urgency a greater one goes first among the waiting sequences of its own variant; it gives
 *     nothing over other variants
 * @param deadline when the sequence is ended if it has not ended by itself, if ever
 */
public record Arrival(
    GenerationRequest request, int credit, long loading, int urgency, @Nullable Nanos deadline) {
  /** An arrival without wishes. */
  public static Arrival of(GenerationRequest request, int credit) {
    return new Arrival(request, credit, 0, 0, null);
  }
}
