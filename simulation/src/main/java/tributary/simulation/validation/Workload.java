package tributary.simulation.validation;

import java.util.List;
import tributary.simulation.workload.Arrivals;
import tributary.simulation.workload.GeneratedTrace;
import tributary.simulation.workload.LengthLaw;
import tributary.simulation.workload.Popularity;
import tributary.simulation.workload.Traffic;

/**
 * A kind of requests.
 *
 * @param seed decides everything that is drawn
 */
public record Workload(
    String name, String arrivals, Lengths lengths, String popularity, long seed) {
  /** Between the seeds of a workload's rounds, and more than there are workloads. */
  private static final long SEEDS_A_ROUND = 1000;

  /** Laws of prompts and answers. */
  public record Lengths(String prompts, String outputs) {}

  /** What brings a server to its speed and loads every variant. */
  public static Workload warmUp(double rate, long seed) {
    return new Workload(
        "warm-up",
        "poisson:" + 2 * rate,
        new Lengths("uniform:1:200", "uniform:1:40"),
        "uniform",
        seed);
  }

  /**
   * What costs are fitted to. Everything that costs something occurs in it and varies by itself:
   * crowds and lone requests, prompts and answers from a token to many hundreds, any tenants beside
   * each other. Its rounds are alike, so that what tells them apart is the machine's speed.
   */
  public static Workload calibration(double rate, long seed) {
    return new Workload(
        "calibration",
        "gamma:" + rate + ":0.25",
        new Lengths("lognormal:40:1.2", "lognormal:15:1.2"),
        "uniform",
        seed + 1);
  }

  /** What the simulator is held against; costs are not fitted to any of these. */
  public static List<Workload> validated(double rate, long seed) {
    return List.of(
        new Workload(
            "chat",
            "poisson:" + rate,
            new Lengths("lognormal:40:0.6", "lognormal:30:0.6"),
            "zipf:1",
            seed + 3),
        new Workload(
            "bursts",
            "gamma:" + rate + ":0.4",
            new Lengths("uniform:8:60", "uniform:5:50"),
            "uniform",
            seed + 4),
        new Workload(
            "reading",
            "poisson:" + rate,
            new Lengths("uniform:80:200", "constant:6"),
            "zipf:1.5",
            seed + 5),
        new Workload(
            "writing",
            "poisson:" + rate,
            new Lengths("constant:12", "geometric:60"),
            "zipf:0.5",
            seed + 6));
  }

  /** The same kind with other requests, for each round its own. */
  public Workload round(int number) {
    return new Workload(
        name + "-" + number, arrivals, lengths, popularity, seed + number * SEEDS_A_ROUND);
  }

  /** Its first requests, the same ones each time. */
  public Traffic traffic(int requests, int tenants) {
    var laws =
        new GeneratedTrace.Laws(
            Arrivals.parse(arrivals),
            LengthLaw.parse(lengths.prompts),
            LengthLaw.parse(lengths.outputs));
    return Traffic.drawn(
        new GeneratedTrace(laws, seed).first(requests),
        tenants,
        Popularity.parse(popularity),
        seed);
  }
}
