package tributary.cli.soak;

import java.util.List;
import java.util.function.ToLongFunction;

/**
 * How a figure moved over a run: the line through its samples by least squares.
 *
 * @param mean of the samples
 * @param perHour slope
 * @param growth from the first sample to the last along the line, as a share of the mean
 */
record Trend(double mean, double perHour, double growth) {
  /** Of the later three quarters: caches fill in the first. */
  static Trend of(List<ProcessMemory> samples, ToLongFunction<ProcessMemory> figure) {
    List<ProcessMemory> settled = samples.subList(samples.size() / 4, samples.size());
    double meanTime = settled.stream().mapToDouble(ProcessMemory::seconds).average().orElse(0);
    double mean = settled.stream().mapToLong(figure).average().orElse(0);
    double products = 0;
    double squares = 0;
    for (ProcessMemory sample : settled) {
      double time = sample.seconds() - meanTime;
      products += time * (figure.applyAsLong(sample) - mean);
      squares += time * time;
    }
    double slope = squares == 0 ? 0 : products / squares;
    double span =
        settled.isEmpty() ? 0 : settled.getLast().seconds() - settled.getFirst().seconds();
    return new Trend(mean, slope * 3600, mean == 0 ? 0 : slope * span / mean);
  }
}
