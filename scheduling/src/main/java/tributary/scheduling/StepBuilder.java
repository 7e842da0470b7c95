package tributary.scheduling;

import java.util.ArrayList;
import java.util.List;

/** Collects the sequences of one step within the token budget. */
final class StepBuilder {
  private final List<Sequence> sequences = new ArrayList<>();
  private final List<StepPlan.Slice> slices = new ArrayList<>();
  private int tokensLeft;

  StepBuilder(int tokenBudget) {
    tokensLeft = tokenBudget;
  }

  int tokensLeft() {
    return tokensLeft;
  }

  /** Gives a sequence its missing tokens, or as many as are left of the budget. */
  void add(Sequence sequence) {
    int count = take(sequence);
    slices.add(sequence.enterStep(count));
  }

  /** The same, of tokens that nobody else can use. */
  void addSpare(Sequence sequence) {
    int count = take(sequence);
    slices.add(sequence.enterStepSpare(count));
  }

  private int take(Sequence sequence) {
    int count = Math.min(sequence.missing(), tokensLeft);
    tokensLeft -= count;
    sequences.add(sequence);
    sequence.tenant().countSlice();
    return count;
  }

  /** In the order in which they were added. */
  List<Sequence> sequences() {
    return sequences;
  }

  /** The slices, those of one delta side by side, otherwise in the order of their adding. */
  StepPlan build(long number) {
    var grouped = new StepPlan.Slice[slices.size()];
    int reserved = 0;
    for (int i = 0; i < grouped.length; i++) {
      Tenant tenant = sequences.get(i).tenant();
      if (!tenant.hasPlaces()) {
        reserved = tenant.reservePlaces(reserved);
      }
      grouped[tenant.takePlace()] = slices.get(i);
    }
    for (Sequence sequence : sequences) {
      sequence.tenant().forgetStep();
    }
    return new StepPlan(number, List.of(grouped));
  }
}
