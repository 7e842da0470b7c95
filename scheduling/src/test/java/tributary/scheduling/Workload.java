package tributary.scheduling;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import tributary.protocol.GenerationRequest;

/** Requests, when they come, and how their readers behave. Time is counted in ticks. */
public final class Workload {
  public static final long NEVER = Long.MAX_VALUE;

  /**
   * A request and its reader.
   *
   * @param tick when it comes
   * @param window tokens that the reader takes unread; with 0 it looks again later and takes one
   * @param readsPerTick tokens that the reader consumes per tick; 0 is a reader that stalls
   * @param cancelTick when the reader goes away, or {@link #NEVER}
   */
  public record Arrival(
      GenerationRequest request, long tick, int window, int readsPerTick, long cancelTick) {
    public boolean stalls() {
      return readsPerTick == 0;
    }
  }

  private final SplittableRandom random;
  private int tenants = 4;
  private int requests = 100;
  private int ticksBetween = 3;
  private int promptMax = 40;
  private int outputMax = 20;
  private double cancelled;
  private double stalled;
  private boolean slow;

  private Workload(SplittableRandom random) {
    this.random = random;
  }

  public static Workload random(SplittableRandom random) {
    return new Workload(random);
  }

  public Workload tenants(int count) {
    tenants = count;
    return this;
  }

  public Workload requests(int count) {
    requests = count;
    return this;
  }

  /** The longest pause between two arrivals. */
  public Workload ticksBetween(int ticks) {
    ticksBetween = ticks;
    return this;
  }

  public Workload promptMax(int tokens) {
    promptMax = tokens;
    return this;
  }

  public Workload outputMax(int tokens) {
    outputMax = tokens;
    return this;
  }

  /** The share of readers that go away at some time. */
  public Workload cancelled(double share) {
    cancelled = share;
    return this;
  }

  /** The share of readers that take their first window and then nothing. */
  public Workload stalled(double share) {
    stalled = share;
    return this;
  }

  /** Lets readers have small windows, even empty ones at first, and read a token at a time. */
  public Workload slowReaders() {
    slow = true;
    return this;
  }

  /** In order of their ticks; each call draws anew. */
  public List<Arrival> arrivals() {
    var arrivals = new ArrayList<Arrival>(requests);
    long tick = 0;
    for (int i = 0; i < requests; i++) {
      tick += random.nextInt(ticksBetween + 1);
      arrivals.add(arrival("r" + i, tick));
    }
    return arrivals;
  }

  private Arrival arrival(String id, long tick) {
    int maxTokens = 1 + random.nextInt(outputMax);
    GenerationRequest request =
        RequestBuilder.request(id)
            .model("tenant-" + random.nextInt(tenants))
            .prompt(1 + random.nextInt(promptMax))
            .maxTokens(maxTokens)
            .minTokens(random.nextInt(maxTokens + 1))
            .stopTokens(random.nextInt(HashingExecutor.VOCABULARY))
            .build();
    long cancelTick = random.nextDouble() < cancelled ? tick + random.nextInt(60) : NEVER;
    int window = slow ? random.nextInt(6) : maxTokens;
    boolean stalls = random.nextDouble() < stalled;
    return new Arrival(request, tick, window, stalls ? 0 : 1, cancelTick);
  }
}
