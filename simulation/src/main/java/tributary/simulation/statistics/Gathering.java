package tributary.simulation.statistics;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/** Gathers one quantity to three digits. */
final class Gathering {
  private static final int DIGITS = 3;
  private static final double PER_SECOND = 1e6;
  private static final double[] SHARES = shares();

  private final Histogram histogram = new Histogram(DIGITS);
  private double sum;

  void add(double seconds) {
    histogram.recordValue(Math.max(1, Math.round(seconds * PER_SECOND)));
    sum += seconds;
  }

  Distribution summary() {
    long count = histogram.getTotalCount();
    List<Distribution.Step> steps = new ArrayList<>();
    if (count > 0) {
      for (double share : SHARES) {
        steps.add(new Distribution.Step(at(share), share));
      }
    }
    return new Distribution(
        count, count == 0 ? 0 : sum / count, at(0.5), at(0.9), at(0.95), at(0.99), at(1), steps);
  }

  /** The share of values that are at most so large. */
  double shareUpTo(double seconds) {
    long count = histogram.getTotalCount();
    long highest = Math.round(seconds * PER_SECOND);
    return count == 0 ? 0 : (double) histogram.getCountBetweenValues(0, highest) / count;
  }

  private double at(double share) {
    return histogram.getTotalCount() == 0
        ? 0
        : histogram.getValueAtPercentile(100 * share) / PER_SECOND;
  }

  /** Every second percent, and closer near the end. */
  private static double[] shares() {
    List<Double> shares = new ArrayList<>();
    for (int percent = 2; percent < 98; percent += 2) {
      shares.add(percent / 100.0);
    }
    shares.addAll(List.of(0.98, 0.985, 0.99, 0.993, 0.996, 0.998, 0.999, 1.0));
    return shares.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
