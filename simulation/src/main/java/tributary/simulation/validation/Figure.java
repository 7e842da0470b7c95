package tributary.simulation.validation;

import java.util.List;
import java.util.function.ToDoubleFunction;
import tributary.simulation.statistics.Outcome;

/**
 * A figure of the live server and of the simulator.
 *
 * @param errorMax how far the simulator's may be from the live one, as a share of that, on average
 *     over workloads
 */
public record Figure(String workload, String name, double live, double simulated, double errorMax) {
  private static final double MEAN_ERROR_MAX = 0.05;
  private static final double TAIL_ERROR_MAX = 0.15;

  /** What counts of a workload's two runs. */
  public static List<Figure> of(String workload, Outcome live, Outcome simulated) {
    var both = new Both(workload, live, simulated);
    return List.of(
        both.figure("requests/s", MEAN_ERROR_MAX, Outcome::requestsPerSecond),
        both.figure("tokens/s", MEAN_ERROR_MAX, Outcome::outputTokensPerSecond),
        both.figure("TTFT mean, s", MEAN_ERROR_MAX, o -> o.firstToken().mean()),
        both.figure("E2E mean, s", MEAN_ERROR_MAX, o -> o.endToEnd().mean()),
        both.figure("TTFT p95, s", TAIL_ERROR_MAX, o -> o.firstToken().p95()),
        both.figure("E2E p95, s", TAIL_ERROR_MAX, o -> o.endToEnd().p95()));
  }

  private record Both(String workload, Outcome live, Outcome simulated) {
    Figure figure(String name, double errorMax, ToDoubleFunction<Outcome> figure) {
      return new Figure(
          workload, name, figure.applyAsDouble(live), figure.applyAsDouble(simulated), errorMax);
    }
  }

  public double relativeError() {
    return simulated / live - 1;
  }
}
