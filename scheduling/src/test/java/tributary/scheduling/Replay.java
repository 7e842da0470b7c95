package tributary.scheduling;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;

/**
 * Runs a workload through a scheduler in virtual time, one step a tick, with readers that grant
 * credit and go away while a step runs as well as between steps.
 */
public final class Replay {
  /** One tick of virtual time. */
  public static final Nanos TICK = Nanos.ofMillis(10);

  /** What became of one request. */
  public static final class Story {
    private final Workload.Arrival arrival;
    private final List<TokenEvent.Token> tokens = new ArrayList<>();
    private @Nullable Refusal refused;
    private @Nullable TokenEvent ending;
    private boolean cancelled;
    private int credit;
    private int read;

    private Story(Workload.Arrival arrival) {
      this.arrival = arrival;
      credit = arrival.window();
    }

    public Workload.Arrival arrival() {
      return arrival;
    }

    public GenerationRequest request() {
      return arrival.request();
    }

    public List<TokenEvent.Token> tokens() {
      return tokens;
    }

    public @Nullable Refusal refused() {
      return refused;
    }

    public @Nullable TokenEvent ending() {
      return ending;
    }

    public boolean cancelled() {
      return cancelled;
    }

    /** Tokens that the reader has allowed so far. */
    public int credit() {
      return credit;
    }

    boolean isOver() {
      return refused != null || ending != null || cancelled;
    }
  }

  private final Scheduler scheduler;
  private final StepExecutor executor;
  private final List<Workload.Arrival> arrivals;
  private final Map<RequestId, Story> stories = new LinkedHashMap<>();
  private final Map<RequestId, Story> active = new LinkedHashMap<>();
  private int arrived;
  private long tick;
  private long steps;

  public Replay(Scheduler scheduler, StepExecutor executor, List<Workload.Arrival> arrivals) {
    this.scheduler = scheduler;
    this.executor = executor;
    this.arrivals = List.copyOf(arrivals);
  }

  /** Runs until every request is over; fails when that takes more ticks than {@code ticksMax}. */
  public Replay run(long ticksMax, Consumer<StepPlan> eachPlan) throws InterruptedException {
    while (arrived < arrivals.size() || !active.isEmpty()) {
      if (++tick > ticksMax) {
        throw new AssertionError(
            "after %d ticks %s are not over, load %s"
                .formatted(ticksMax, active.keySet(), scheduler.load()));
      }
      boolean readersActFirst = tick % 2 == 0;
      if (readersActFirst) {
        readersAct();
      }
      if (scheduler.hasWork()) {
        StepPlan plan = scheduler.plan(now());
        eachPlan.accept(plan);
        if (!readersActFirst) {
          readersAct(); // While the step runs.
        }
        tell(scheduler.completed(executor.execute(plan), now()));
        steps++;
      } else if (!readersActFirst) {
        readersAct();
      }
      tell(scheduler.expire(now()));
    }
    return this;
  }

  public Map<RequestId, Story> stories() {
    return stories;
  }

  public Story story(RequestId id) {
    Story story = stories.get(id);
    if (story == null) {
      throw new AssertionError("no story of request " + id);
    }
    return story;
  }

  public long steps() {
    return steps;
  }

  private Nanos now() {
    return new Nanos(tick * TICK.count());
  }

  private void readersAct() {
    while (arrived < arrivals.size() && arrivals.get(arrived).tick() <= tick) {
      arrive(new Story(arrivals.get(arrived++)));
    }
    for (Iterator<Story> stories = active.values().iterator(); stories.hasNext(); ) {
      Story story = stories.next();
      RequestId id = story.request().id();
      if (story.arrival.cancelTick() <= tick) {
        scheduler.cancelled(id);
        story.cancelled = true;
        stories.remove();
      } else if (!story.arrival.stalls()) {
        story.read += Math.min(story.arrival.readsPerTick(), story.tokens.size() - story.read);
        story.credit = story.read + Math.max(1, story.arrival.window());
        scheduler.credit(id, story.credit, now());
      }
    }
  }

  private void arrive(Story story) {
    RequestId id = story.request().id();
    stories.put(id, story);
    scheduler
        .arrived(story.request(), story.credit, now())
        .ifPresentOrElse(refusal -> story.refused = refusal, () -> active.put(id, story));
  }

  private void tell(List<TokenEvent> events) {
    for (TokenEvent event : events) {
      Story story = story(event.request());
      if (story.isOver()) {
        throw new AssertionError("told of " + event + " after the end");
      }
      switch (event) {
        case TokenEvent.Token token -> story.tokens.add(token);
        case TokenEvent.PromptRead _ -> {}
        case TokenEvent.Finished _, TokenEvent.Failed _ -> {
          story.ending = event;
          active.remove(event.request());
        }
      }
    }
  }
}
