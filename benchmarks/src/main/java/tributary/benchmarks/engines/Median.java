package tributary.benchmarks.engines;

import java.util.List;

/** The middle of some numbers. */
public final class Median {
  private Median() {}

  /** The median; of an even count, the mean of the middle two. */
  public static double of(List<Double> numbers) {
    if (numbers.isEmpty()) {
      throw new IllegalArgumentException("no numbers to take the median of");
    }
    double[] sorted = numbers.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1
        ? sorted[middle]
        : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
