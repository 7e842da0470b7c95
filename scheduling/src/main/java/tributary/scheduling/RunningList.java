package tributary.scheduling;

import java.util.ArrayList;
import java.util.List;

/** Sequences that hold pages and may run, the earliest admitted first. */
final class RunningList {
  private final List<Sequence> byAdmission = new ArrayList<>();

  int size() {
    return byAdmission.size();
  }

  boolean isEmpty() {
    return byAdmission.isEmpty();
  }

  Sequence get(int index) {
    return byAdmission.get(index);
  }

  Sequence latest() {
    return byAdmission.getLast();
  }

  /** Takes the place that the sequence's admission gives it. */
  void add(Sequence sequence) {
    byAdmission.add(firstAtOrAfter(sequence.admission()), sequence);
  }

  void remove(Sequence sequence) {
    int index = firstAtOrAfter(sequence.admission());
    if (byAdmission.get(index) != sequence) {
      throw new AssertionError("sequence " + sequence.id() + " is not among the running");
    }
    byAdmission.remove(index);
  }

  private int firstAtOrAfter(long admission) {
    int low = 0;
    int high = byAdmission.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (byAdmission.get(middle).admission() < admission) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
