package tributary.simulation.validation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How far the simulator is from the live server in one figure, over all workloads. Errors are
 * shares of the live figure, without their signs.
 *
 * @param allowed mean error; a single workload's may be twice that
 */
public record Fidelity(String name, double meanError, double largestError, double allowed) {
  private static final double LARGEST_OF_ALLOWED = 2;

  /** Of each figure, in the order of the first workload's. */
  public static List<Fidelity> of(List<Figure> figures) {
    Map<String, List<Figure>> byName = new LinkedHashMap<>();
    figures.forEach(
        figure -> byName.computeIfAbsent(figure.name(), _ -> new ArrayList<>()).add(figure));
    return byName.values().stream().map(Fidelity::ofOne).toList();
  }

  private static Fidelity ofOne(List<Figure> figures) {
    var errors =
        figures.stream().mapToDouble(each -> Math.abs(each.relativeError())).summaryStatistics();
    Figure first = figures.getFirst();
    return new Fidelity(first.name(), errors.getAverage(), errors.getMax(), first.errorMax());
  }

  /** False, too, where an error is not a number. */
  public boolean isClose() {
    return meanError <= allowed && largestError <= LARGEST_OF_ALLOWED * allowed;
  }
}
