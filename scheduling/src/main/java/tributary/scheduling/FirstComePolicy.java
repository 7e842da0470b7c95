package tributary.scheduling;

import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Nanos;

/** One line in the order of tickets. Only who has reached its own limit is passed. */
final class FirstComePolicy implements Policy {
  private final TreeSet<Sequence> line = new TreeSet<>(Sequence.BY_TICKET);

  @Override
  public void stand(Sequence sequence, Nanos now) {
    line.add(sequence);
  }

  @Override
  public void leave(Sequence sequence) {
    line.remove(sequence);
  }

  @Override
  public void look(Places places, Nanos now) {}

  @Override
  public @Nullable Sequence next(Places places, Nanos now) {
    for (Sequence sequence : line) {
      if (!places.isCapped(sequence.tenant())) {
        return sequence;
      }
    }
    return null;
  }
}
