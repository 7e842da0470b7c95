package tributary.simulation.validation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;
import tributary.protocol.TributaryException;
import tributary.simulation.cost.CostFit;
import tributary.simulation.cost.CostModel;
import tributary.simulation.cost.LinkCost;
import tributary.simulation.cost.LoopCosts;
import tributary.simulation.cost.StepPrice;
import tributary.simulation.validation.StepSamples.Measured;
import tributary.simulation.validation.StepSamples.Sample;

/**
 * Fits a cost model to a live server: its steps as they are while clients and actors share the
 * machine with them, what lies between steps, and the ways to the device and back.
 *
 * <p>A machine is not equally fast all the time, least of all a virtual one. So the server is
 * measured in rounds of requests of one kind, and beside the costs each round has a pace: how many
 * times as long its steps took as the costs say. Costs and paces are found by turns, each from the
 * other.
 */
public final class LiveFit {
  private static final int SAMPLES_MIN = 100;
  private static final int TURNS = 5;

  /** A step was held up that took so many times as long as most did for their costs. */
  private static final double HELD_UP = 2;

  /** What a client saw of a request. */
  public record Seen(RequestId request, Nanos sent, Nanos end) {}

  /** Requests of one kind, as the device and as their clients saw them. */
  public record Round(Measured measured, List<Seen> seen) {}

  private final String codec;
  private final String name;
  private final List<Round> rounds;
  private final double[] paces;

  private LiveFit(String name, String codec, List<Round> rounds) {
    this.name = name;
    this.codec = codec;
    this.rounds = rounds;
    this.paces = new double[rounds.size()];
    Arrays.fill(paces, 1);
  }

  /** The costs where everything is loaded, and the paces of the rounds. */
  public static PacedCosts fit(String name, String codec, List<Round> rounds) {
    int steps = rounds.stream().mapToInt(round -> round.measured.samples().size()).sum();
    if (steps < SAMPLES_MIN) {
      throw new TributaryException(
          ErrorCode.COST_MODEL,
          "%d steps were measured; at least %d tell something: send more requests"
              .formatted(steps, SAMPLES_MIN));
    }
    return new LiveFit(name, codec, rounds).fit();
  }

  private PacedCosts fit() {
    CostModel costs = costs();
    for (int turn = 0; turn < TURNS; turn++) {
      keepPace(new StepPrice(costs, codec));
      costs = costs();
    }
    return new PacedCosts(costs.with(loop()), Arrays.stream(paces).boxed().toList());
  }

  private CostModel costs() {
    List<Sample> steps = steadySteps();
    var fit = new CostFit();
    steps.forEach(step -> fit.add(step.work(), step.seconds()));
    return fit.fit(
        name,
        "%d steps of a live server".formatted(steps.size()),
        codec,
        LinkCost.AT_ONCE,
        LinkCost.AT_ONCE);
  }

  /** All steps as they would have been at the mean pace. */
  private List<Sample> steadySteps() {
    List<Sample> steps = new ArrayList<>();
    for (int round = 0; round < paces.length; round++) {
      for (Sample step : rounds.get(round).measured.samples()) {
        steps.add(step.times(1 / paces[round]));
      }
    }
    return steps;
  }

  /** The mean pace is 1. */
  private void keepPace(StepPrice price) {
    Arrays.setAll(paces, round -> pace(rounds.get(round).measured.samples(), price));
    double mean = Arrays.stream(paces).average().orElse(1);
    Arrays.setAll(paces, round -> paces[round] / mean);
  }

  /** The time of all steps over their costs, without those that were held up by something. */
  private static double pace(List<Sample> steps, StepPrice price) {
    double[] ratios =
        steps.stream()
            .mapToDouble(step -> step.seconds() / price.seconds(step.work()))
            .sorted()
            .toArray();
    double longest = ratios.length == 0 ? 0 : HELD_UP * ratios[ratios.length / 2];
    double measured = 0;
    double expected = 0;
    for (Sample step : steps) {
      double cost = price.seconds(step.work());
      if (step.seconds() <= longest * cost) {
        measured += step.seconds();
        expected += cost;
      }
    }
    return expected == 0 ? 1 : measured / expected;
  }

  private LoopCosts loop() {
    List<Sample> followed =
        steadySteps().stream().filter(step -> step.gapSeconds().isPresent()).toList();
    double draws = mean(followed, Sample::draws);
    double gap = mean(followed, step -> step.gapSeconds().orElseThrow());
    double covariance =
        mean(followed, step -> (step.draws() - draws) * step.gapSeconds().orElseThrow());
    double variance = mean(followed, step -> (step.draws() - draws) * (step.draws() - draws));
    // The mean gap is kept whatever the slope, which is not let below nothing nor below no base.
    double slope =
        variance == 0 || draws == 0 ? 0 : Math.clamp(covariance / variance, 0, gap / draws);
    return new LoopCosts(
        Math.max(0, gap - slope * draws),
        slope,
        lag(Seen::sent, Measured::heardIdle, 1),
        lag(Seen::end, Measured::ended, -1));
  }

  /** The mean time from what a client notes to what the device does, or the other way round. */
  private double lag(
      Function<Seen, Nanos> client, Function<Measured, Map<RequestId, Nanos>> device, int sign) {
    List<Double> lags = new ArrayList<>();
    for (int i = 0; i < paces.length; i++) {
      Round round = rounds.get(i);
      for (Seen each : round.seen) {
        Nanos there = device.apply(round.measured).get(each.request());
        if (there != null) {
          lags.add(sign * there.minus(client.apply(each)).seconds() / paces[i]);
        }
      }
    }
    return Math.max(0, mean(lags, lag -> lag));
  }

  private static <T> double mean(List<T> values, ToDoubleFunction<T> value) {
    return values.stream().mapToDouble(value).average().orElse(0);
  }
}
