package tributary.compression.allocation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Shares out a budget: every part begins at its smallest choice, and again and again the step that
 * saves most loss for a byte is taken, while it fits. Of each part only the choices on the lower
 * convex hull of loss over size are looked at; for those the result is the best there is, but for
 * what is left of the budget at the end.
 */
public final class Allocation {
  /** One way to store a part: what it takes, and what is lost. */
  public record Choice(long bytes, double loss) {}

  /**
   * A part and the ways to store it.
   *
   * @param choices in any order, at least one
   */
  public record Part(String name, List<Choice> choices) {
    public Part {
      choices = List.copyOf(choices);
      if (choices.isEmpty()) {
        throw new IllegalArgumentException(name + ": no choice to store it");
      }
    }
  }

  /** A step of one part along its hull. */
  private record Upgrade(int part, int toHull, double gainPerByte) {}

  private Allocation() {}

  /** The bytes that the smallest choices take. */
  public static long least(List<Part> parts) {
    return parts.stream().mapToLong(part -> part.choices.get(hull(part.choices)[0]).bytes).sum();
  }

  /**
   * For each part the index of its choice.
   *
   * @throws IllegalArgumentException if even the smallest choices exceed the budget
   */
  public static int[] share(List<Part> parts, long budgetBytes) {
    long left = budgetBytes - least(parts);
    if (left < 0) {
      throw new IllegalArgumentException(
          "budget of %d bytes: the smallest choices take %d".formatted(budgetBytes, least(parts)));
    }
    int[][] hulls = parts.stream().map(part -> hull(part.choices)).toArray(int[][]::new);
    int[] at = new int[parts.size()];
    PriorityQueue<Upgrade> upgrades =
        new PriorityQueue<>(
            Comparator.comparingDouble(Upgrade::gainPerByte)
                .reversed()
                .thenComparingInt(Upgrade::part));
    for (int part = 0; part < at.length; part++) {
      offer(upgrades, parts, hulls, part, 0);
    }
    while (!upgrades.isEmpty()) {
      Upgrade next = upgrades.remove();
      int[] hull = hulls[next.part];
      List<Choice> choices = parts.get(next.part).choices;
      long more = choices.get(hull[next.toHull]).bytes - choices.get(hull[at[next.part]]).bytes;
      if (more <= left) {
        left -= more;
        at[next.part] = next.toHull;
        offer(upgrades, parts, hulls, next.part, next.toHull);
      }
    }
    int[] chosen = new int[at.length];
    Arrays.setAll(chosen, part -> hulls[part][at[part]]);
    return chosen;
  }

  private static void offer(
      PriorityQueue<Upgrade> upgrades, List<Part> parts, int[][] hulls, int part, int from) {
    if (from + 1 < hulls[part].length) {
      Choice now = parts.get(part).choices.get(hulls[part][from]);
      Choice then = parts.get(part).choices.get(hulls[part][from + 1]);
      double gain = (now.loss - then.loss) / (then.bytes - now.bytes);
      upgrades.add(new Upgrade(part, from + 1, gain));
    }
  }

  /** Indices of the choices on the lower convex hull, from the smallest to the least loss. */
  static int[] hull(List<Choice> choices) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < choices.size(); i++) {
      order.add(i);
    }
    order.sort(
        Comparator.comparingLong((Integer i) -> choices.get(i).bytes)
            .thenComparingDouble(i -> choices.get(i).loss));
    List<Integer> hull = new ArrayList<>();
    for (int next : order) {
      if (!hull.isEmpty() && choices.get(next).loss >= choices.get(hull.getLast()).loss) {
        continue;
      }
      while (hull.size() > 1
          && slope(choices, hull.get(hull.size() - 2), hull.getLast())
              >= slope(choices, hull.getLast(), next)) {
        hull.removeLast();
      }
      hull.add(next);
    }
    return hull.stream().mapToInt(Integer::intValue).toArray();
  }

  private static double slope(List<Choice> choices, int from, int to) {
    Choice a = choices.get(from);
    Choice b = choices.get(to);
    return (b.loss - a.loss) / (b.bytes - a.bytes);
  }
}
