package tributary.scheduling;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Nanos;
import tributary.scheduling.PolicyChoice.LineSkipping.Preemption;

/**
 * DeltaZip's order: by arrival, but who finds no place for its delta is passed by those whose
 * deltas are in the batch.
 *
 * <p>The first sequence of a delta in the batch is the parent of those that follow it. When it has
 * ended, its children give way to an older sequence that was passed; a delta that stays popular can
 * so keep its place for one lifetime of a parent at a time. Unlike in the released system children
 * stay when nobody older needs the place, the base takes no place, and the rule is on.
 */
final class LineSkippingPolicy implements Policy {
  private final PolicyChoice.LineSkipping choice;
  private final TreeSet<Sequence> line = new TreeSet<>(Sequence.BY_TICKET);
  private final Map<Tenant, Sequence> parents = new HashMap<>();
  private @Nullable Sequence passed;

  LineSkippingPolicy(PolicyChoice.LineSkipping choice) {
    this.choice = choice;
  }

  @Override
  public void stand(Sequence sequence, Nanos now) {
    line.add(sequence);
  }

  @Override
  public void leave(Sequence sequence) {
    line.remove(sequence);
    if (sequence == passed) {
      passed = null;
    }
  }

  @Override
  public void look(Places places, Nanos now) {
    passed = null;
    for (Sequence sequence : line) {
      if (!places.isCapped(sequence.tenant()) && !places.hasFreePlace(sequence.tenant())) {
        passed = sequence;
        break;
      }
    }
    parents.keySet().removeIf(tenant -> tenant.sequences() == 0);
  }

  @Override
  public @Nullable Sequence next(Places places, Nanos now) {
    for (Sequence sequence : line) {
      if (!places.isCapped(sequence.tenant())
          && (places.hasPlace(sequence.tenant()) || isOverAge(sequence, now))) {
        return sequence;
      }
    }
    return null;
  }

  @Override
  public boolean yields(Sequence running) {
    return choice.preemption() == Preemption.AFTER_PARENT
        && passed != null
        && passed.ticket() < running.ticket()
        && hasLostParent(running);
  }

  @Override
  public void admitted(Sequence sequence) {
    Tenant tenant = sequence.tenant();
    if (tenant.holders() == 1) {
      parents.put(tenant, sequence);
    }
  }

  private boolean hasLostParent(Sequence running) {
    Sequence parent = parents.get(running.tenant());
    return parent != running
        && (parent == null || parent.state() == Sequence.State.ENDED || !parent.hasPlace());
  }

  private boolean isOverAge(Sequence sequence, Nanos now) {
    return now.minus(sequence.waitsSince()).compareTo(choice.ageMax()) > 0;
  }
}
