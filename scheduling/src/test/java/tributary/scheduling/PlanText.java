package tributary.scheduling;

import java.util.Arrays;

/** Plans as lines of text, for golden files and for telling two apart. */
final class PlanText {
  private PlanText() {}

  /** {@code step 3: tenant/id 4+2/6 draws [0, 1] | ...}: first position, count, known, pages. */
  static String of(StepPlan plan) {
    var text = new StringBuilder("step ").append(plan.number());
    String separator = ": ";
    for (StepPlan.Slice slice : plan.slices()) {
      text.append(separator)
          .append(slice.request().model())
          .append('/')
          .append(slice.request().id())
          .append(' ')
          .append(slice.firstPosition())
          .append('+')
          .append(slice.count())
          .append('/')
          .append(slice.length())
          .append(slice.draws() ? " draws " : " ")
          .append(Arrays.toString(slice.pages()));
      separator = " | ";
    }
    return text.toString();
  }
}
