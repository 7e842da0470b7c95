package tributary.simulation.engine;

import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Nanos;

/** The time of a run, and what is to happen at which moment of it. */
final class VirtualClock {
  private record Event(long at, long number, Runnable action) implements Comparable<Event> {
    /** Of events of one moment, the one that was thought of first comes first. */
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(at, other.at);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private Nanos now = Nanos.ZERO;
  private long scheduled;

  Nanos now() {
    return now;
  }

  void at(Nanos moment, Runnable action) {
    events.add(new Event(moment.count(), scheduled++, action));
  }

  void after(Nanos span, Runnable action) {
    at(now.plus(span), action);
  }

  /** Runs the next event unless it comes after {@code limit}; says whether there was one. */
  boolean runNext(@Nullable Nanos limit) {
    Event event = events.peek();
    if (event == null || (limit != null && event.at > limit.count())) {
      return false;
    }
    events.remove();
    now = new Nanos(event.at);
    event.action.run();
    return true;
  }

  /** Moves to a moment before which nothing is left to happen. */
  void moveTo(Nanos moment) {
    now = moment;
  }
}
