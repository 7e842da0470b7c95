package tributary.simulation.cost;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Fits a cost model to measured steps: least squares over coefficients that are not negative, so
 * that no step is ever predicted to be cheaper for doing more.
 *
 * <p>Errors count as shares of what a step is predicted to take, which is found in turns. As shares
 * of what it did take, they would make every kind of step cheaper than its mean, the more the
 * farther such steps are spread.
 */
public final class CostFit {
  /**
   * Where pieces of the curve over rows begin. Products take a few rows at a time, so that the
   * first rows have prices of their own.
   */
  private static final List<Double> ROW_KNOTS = List.of(0.0, 1.0, 2.0, 3.0, 4.0, 8.0, 16.0, 64.0);

  private static final int SWEEPS = 20_000;

  private static final int TURNS = 4;

  /** A step that took longer than so many times what it should is a mishap; the rest is cut off. */
  private static final double LONGEST = 3;

  /** Coefficients before those of the curve over rows. */
  private static final int BEFORE = 1;

  private static final int COUNT = BEFORE + ROW_KNOTS.size() + 7;

  private final List<double[]> features = new ArrayList<>();
  private final List<Double> seconds = new ArrayList<>();

  /** A step that did this took so long. */
  public void add(StepWork work, double measuredSeconds) {
    if (!(measuredSeconds > 0)) {
      throw new IllegalArgumentException("a step took " + measuredSeconds + " s");
    }
    features.add(features(work));
    seconds.add(measuredSeconds);
  }

  /** What the measured steps come to; links cannot be told from steps and are given. */
  public CostModel fit(String name, String source, String codec, LinkCost disk, LinkCost host) {
    if (seconds.size() < COUNT) {
      throw new IllegalStateException(
          "%d steps were measured; %d coefficients need more".formatted(seconds.size(), COUNT));
    }
    double[] x = coefficients();
    int at = BEFORE + ROW_KNOTS.size();
    Curve rows = new Curve(ROW_KNOTS, Arrays.stream(x, BEFORE, at).boxed().toList());
    return new CostModel(
        name,
        source,
        new StepCosts(x[0], rows, x[at], x[at + 1], x[at + 2], x[at + 3]),
        Map.of(codec, new DeltaCosts(x[at + 4], Curve.linear(x[at + 5]), x[at + 6])),
        LoopCosts.NONE,
        disk,
        host,
        residuals(x));
  }

  private static double[] features(StepWork work) {
    double[] f = new double[COUNT];
    f[0] = 1;
    Curve shape = new Curve(ROW_KNOTS, ROW_KNOTS);
    for (int piece = 0; piece < ROW_KNOTS.size(); piece++) {
      f[BEFORE + piece] = shape.within(piece, work.rows);
    }
    int at = BEFORE + ROW_KNOTS.size();
    f[at] = work.sequences;
    f[at + 1] = work.positions;
    f[at + 2] = work.pairs;
    f[at + 3] = work.draws;
    f[at + 4] = work.deltas;
    f[at + 5] = work.deltaGigabytes;
    f[at + 6] = work.rowGigabytes;
    return f;
  }

  private double[] coefficients() {
    double[] x = solve(seconds.stream().mapToDouble(Double::doubleValue).toArray());
    for (int turn = 1; turn < TURNS; turn++) {
      double[] expected = new double[seconds.size()];
      for (int s = 0; s < expected.length; s++) {
        expected[s] = predicted(x, s);
      }
      x = solve(expected);
    }
    keepTotal(x);
    return x;
  }

  /**
   * Coordinate descent on the normal equations, each coefficient cut at nothing.
   *
   * @param expected seconds of each step, of which errors are shares
   */
  private double[] solve(double[] expected) {
    double[][] a = new double[COUNT][COUNT];
    double[] b = new double[COUNT];
    double[] scale = scales();
    for (int s = 0; s < features.size(); s++) {
      double[] f = features.get(s);
      double share = Math.min(LONGEST, seconds.get(s) / expected[s]);
      for (int i = 0; i < COUNT; i++) {
        double fi = f[i] / scale[i] / expected[s];
        b[i] += fi * share;
        for (int j = 0; j < COUNT; j++) {
          a[i][j] += fi * f[j] / scale[j] / expected[s];
        }
      }
    }
    double[] x = new double[COUNT];
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
      for (int i = 0; i < COUNT; i++) {
        if (a[i][i] > 0) {
          double rest = b[i];
          for (int j = 0; j < COUNT; j++) {
            rest -= j == i ? 0 : a[i][j] * x[j];
          }
          x[i] = Math.max(0, rest / a[i][i]);
        }
      }
    }
    for (int i = 0; i < COUNT; i++) {
      x[i] /= scale[i];
    }
    return x;
  }

  /** Mishaps count, too, though not where they happened: all steps together take what they did. */
  private void keepTotal(double[] x) {
    double measured = 0;
    double predicted = 0;
    for (int s = 0; s < seconds.size(); s++) {
      measured += seconds.get(s);
      predicted += predicted(x, s);
    }
    for (int i = 0; i < COUNT; i++) {
      x[i] *= measured / predicted;
    }
  }

  private double predicted(double[] x, int sample) {
    double predicted = 0;
    for (int i = 0; i < COUNT; i++) {
      predicted += x[i] * features.get(sample)[i];
    }
    return predicted;
  }

  /**
   * The largest value of each feature, so that coefficients are of one size while they are sought.
   */
  private double[] scales() {
    double[] scale = new double[COUNT];
    Arrays.fill(scale, Double.MIN_NORMAL);
    for (double[] f : features) {
      for (int i = 0; i < COUNT; i++) {
        scale[i] = Math.max(scale[i], f[i]);
      }
    }
    return scale;
  }

  private Residuals residuals(double[] x) {
    double[] errors = new double[seconds.size()];
    double bias = 0;
    for (int s = 0; s < errors.length; s++) {
      double error = predicted(x, s) / seconds.get(s) - 1;
      bias += error;
      errors[s] = Math.abs(error);
    }
    Arrays.sort(errors);
    return new Residuals(
        errors.length,
        Arrays.stream(errors).average().orElseThrow(),
        errors[(int) Math.floor(0.95 * (errors.length - 1))],
        bias / errors.length);
  }
}
