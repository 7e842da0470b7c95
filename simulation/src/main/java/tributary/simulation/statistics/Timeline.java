package tributary.simulation.statistics;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import tributary.protocol.Nanos;

/** Samples of a run at even distances: as many as fit, then every second at twice the distance. */
public final class Timeline {
  private static final int SAMPLES_MAX = 240;
  private static final long FIRST_DISTANCE = 250_000_000L;

  /**
   * A moment, summed over nodes.
   *
   * @param waiting requests without a place, or whose weights are not there yet
   * @param running sequences that hold pages
   * @param device tenants on devices
   * @param host tenants in host memory
   * @param loading tenants on their way
   * @param tokens drawn since the beginning
   */
  public record Sample(
      @JsonProperty("seconds") double seconds,
      @JsonProperty("waiting") int waiting,
      @JsonProperty("running") int running,
      @JsonProperty("device") int device,
      @JsonProperty("host") int host,
      @JsonProperty("loading") int loading,
      @JsonProperty("tokens") long tokens) {}

  private final List<Sample> samples = new ArrayList<>();
  private long distance = FIRST_DISTANCE;
  private long next;

  /** Whether a sample is wanted at this moment. */
  public boolean isDue(Nanos now) {
    return now.count() >= next;
  }

  public void add(Nanos now, Sample sample) {
    if (samples.size() == SAMPLES_MAX) {
      for (int i = 0; i < SAMPLES_MAX / 2; i++) {
        samples.set(i, samples.get(2 * i));
      }
      samples.subList(SAMPLES_MAX / 2, SAMPLES_MAX).clear();
      distance *= 2;
    }
    samples.add(sample);
    next = (now.count() / distance + 1) * distance;
  }

  List<Sample> samples() {
    return List.copyOf(samples);
  }
}
