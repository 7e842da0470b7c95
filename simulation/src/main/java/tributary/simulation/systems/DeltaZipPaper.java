package tributary.simulation.systems;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import tributary.protocol.Nanos;
import tributary.simulation.cost.CodecSpec;
import tributary.simulation.cost.Hardware;
import tributary.simulation.cost.ModelSpec;
import tributary.simulation.engine.Placement;
import tributary.simulation.statistics.Objective;
import tributary.simulation.statistics.Outcome;
import tributary.simulation.workload.Arrivals;
import tributary.simulation.workload.GeneratedTrace;
import tributary.simulation.workload.LengthLaw;
import tributary.simulation.workload.Popularity;
import tributary.simulation.workload.Traffic;

/**
 * The setting of the DeltaZip paper: a 13B base on four GPUs that share it, 32 fine-tunes, arrivals
 * of 0.5 to 2 requests a second, three popularities, and 8 or 12 deltas on the device.
 */
public final class DeltaZipPaper {
  public static final int TENANTS = 32;
  public static final List<Double> RATES = List.of(0.5, 1.0, 2.0);
  public static final List<String> POPULARITIES = List.of("uniform", "zipf:1.5", "azure-functions");
  public static final List<Integer> SLOTS = List.of(8, 12);
  private static final int GPUS = 4;

  /** About as long as in the two samples that were released: short prompts, 136 tokens mean. */
  private static final LengthLaw PROMPTS = new LengthLaw.LogNormal(30, 0.8);

  private static final LengthLaw OUTPUTS = new LengthLaw.LogNormal(100, 0.8);

  /**
   * One point of the grid.
   *
   * @param slots deltas on the device under DeltaZip
   * @param tributaryOverSwapping ratio of requests per second
   * @param deltaZipOverSwapping the same for DeltaZip's own system
   * @param swappingLatencyOverTributary ratio of mean end to end times
   */
  public record Cell(
      @JsonProperty("rate") double rate,
      @JsonProperty("popularity") String popularity,
      @JsonProperty("slots") int slots,
      @JsonProperty("tributary_requests_per_second") double tributary,
      @JsonProperty("deltazip_requests_per_second") double deltaZip,
      @JsonProperty("swapping_requests_per_second") double swapping,
      @JsonProperty("tributary_over_swapping") double tributaryOverSwapping,
      @JsonProperty("deltazip_over_swapping") double deltaZipOverSwapping,
      @JsonProperty("swapping_e2e_over_tributary") double swappingLatencyOverTributary) {}

  private final Nanos length;
  private final double disk;
  private final long seed;

  /**
   * @param length of each run's arrivals
   * @param disk bytes a second
   */
  public DeltaZipPaper(Nanos length, double disk, long seed) {
    this.length = length;
    this.disk = disk;
    this.seed = seed;
  }

  public List<Cell> run() {
    List<Cell> cells = new ArrayList<>();
    for (String popularity : POPULARITIES) {
      for (double rate : RATES) {
        for (int slots : SLOTS) {
          cells.add(cell(rate, popularity, slots));
        }
      }
    }
    return cells;
  }

  private Cell cell(double rate, String popularity, int slots) {
    var laws = new GeneratedTrace.Laws(new Arrivals.Poisson(rate), PROMPTS, OUTPUTS);
    var comparison =
        new Comparison(
            tenants ->
                Traffic.drawn(
                    new GeneratedTrace(laws, seed).between(Nanos.ZERO, length),
                    tenants,
                    Popularity.parse(popularity),
                    seed),
            new Objective(2, 0.1, 0.95));
    Setting setting = setting(slots);
    List<Outcome> outcomes =
        comparison
            .run(
                List.of(
                    new Comparison.Run(ServingSystem.TRIBUTARY, setting),
                    new Comparison.Run(ServingSystem.DELTAZIP, setting),
                    new Comparison.Run(ServingSystem.SWAPPING, setting)))
            .stream()
            .map(result -> result.outcome().orElseThrow(() -> new AssertionError(result.reason())))
            .toList();
    Outcome tributary = outcomes.get(0);
    Outcome deltaZip = outcomes.get(1);
    Outcome swapping = outcomes.get(2);
    return new Cell(
        rate,
        popularity,
        slots,
        tributary.requestsPerSecond(),
        deltaZip.requestsPerSecond(),
        swapping.requestsPerSecond(),
        tributary.requestsPerSecond() / swapping.requestsPerSecond(),
        deltaZip.requestsPerSecond() / swapping.requestsPerSecond(),
        swapping.endToEnd().mean() / tributary.endToEnd().mean());
  }

  private Setting setting(int slots) {
    return new Setting(
        Hardware.named("a100").orElseThrow().withDisk(disk),
        ModelSpec.named("llama-2-13b").orElseThrow(),
        GPUS,
        1,
        TENANTS,
        CodecSpec.named("bitdelta").orElseThrow(),
        Placement.BY_TENANT,
        Setting.Limits.DEFAULT.withDeltaZipSlots(slots),
        Setting.Troubles.NONE);
  }
}
