package tributary.cli.load;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * How a time is spread, in milliseconds. Percentiles are interpolated between neighbours and the
 * deviation is that of the whole population, both as NumPy does by default.
 */
public record Spread(
    int count, double mean, double median, double std, double p90, double p95, double p99) {
  static Spread ofSeconds(Collection<Double> seconds) {
    double[] sorted = seconds.stream().mapToDouble(each -> 1000 * each).sorted().toArray();
    if (sorted.length == 0) {
      return new Spread(0, 0, 0, 0, 0, 0, 0);
    }
    double mean = Arrays.stream(sorted).average().orElse(0);
    double squares = Arrays.stream(sorted).map(each -> (each - mean) * (each - mean)).sum();
    return new Spread(
        sorted.length,
        mean,
        percentile(sorted, 0.5),
        Math.sqrt(squares / sorted.length),
        percentile(sorted, 0.9),
        percentile(sorted, 0.95),
        percentile(sorted, 0.99));
  }

  /** For a table. */
  List<Double> figures() {
    return List.of(mean, median, std, p90, p95, p99);
  }

  private static double percentile(double[] sorted, double share) {
    double place = share * (sorted.length - 1);
    int below = (int) Math.floor(place);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }
}
