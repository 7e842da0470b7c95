package tributary.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;
import tributary.simulation.trace.Trace;
import tributary.simulation.trace.TraceFile;
import tributary.simulation.trace.TraceRules;
import tributary.simulation.workload.Arrivals;
import tributary.simulation.workload.GeneratedTrace;
import tributary.simulation.workload.LengthLaw;
import tributary.simulation.workload.Popularity;
import tributary.simulation.workload.Traffic;

/** Which requests come, and whose they are. */
final class TrafficOptions {
  private static final String NAMED = "trace";
  private static final double YEAR_SECONDS = 366.0 * 86_400;

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      description =
          "Trace of requests: Azure or BurstGPT CSV, DeltaZip, Mooncake or Tributary JSON lines;"
              + " several run at the same time.")
  private List<Path> traces = new ArrayList<>();

  @Option(
      names = "--arrivals",
      defaultValue = "poisson:1",
      paramLabel = "LAW",
      description =
          "Without a trace: poisson:RATE, gamma:RATE:BURSTINESS, diurnal:RATE:SWING:PERIOD or"
              + " bursts:QUIET_RATE:LOUD_RATE:QUIET_SECONDS:LOUD_SECONDS (default: ${DEFAULT-VALUE}).")
  private String arrivals = "";

  @Option(
      names = "--prompt-tokens",
      defaultValue = "lognormal:200:1",
      paramLabel = "LAW",
      description =
          "Without a trace: constant:N, uniform:MIN:MAX, geometric:MEAN or lognormal:MEDIAN:SIGMA"
              + " (default: ${DEFAULT-VALUE}).")
  private String prompts = "";

  @Option(
      names = "--output-tokens",
      defaultValue = "lognormal:130:0.8",
      paramLabel = "LAW",
      description = "Without a trace, as for prompts (default: ${DEFAULT-VALUE}).")
  private String outputs = "";

  @Option(
      names = "--requests",
      paramLabel = "N",
      description = "Stop after so many (default: all of a trace, 10000 without one).")
  private @Nullable Long requests;

  @Option(
      names = "--time-scale",
      defaultValue = "1",
      paramLabel = "X",
      description = "Multiply every arrival: 0.5 doubles the rate (default: ${DEFAULT-VALUE}).")
  private double timeScale;

  @Option(
      names = "--from",
      defaultValue = "0",
      paramLabel = "SECONDS",
      description = "Begin so late in the trace (default: ${DEFAULT-VALUE}).")
  private double from;

  @Option(
      names = "--to",
      paramLabel = "SECONDS",
      description = "End so late in the trace (default: its end).")
  private @Nullable Double to;

  @Option(
      names = "--tenants",
      defaultValue = "32",
      paramLabel = "N",
      description =
          "Tenants; at most so many where the trace names them (default: ${DEFAULT-VALUE}).")
  private int tenants;

  @Option(
      names = "--popularity",
      defaultValue = "zipf:1",
      paramLabel = "LAW",
      description =
          "Whose requests are: uniform, zipf:EXPONENT, deltazip-zipf:EXPONENT (DeltaZip's released"
              + " generator), azure-functions, or 'trace' for the models that it names"
              + " (default: ${DEFAULT-VALUE}).")
  private String popularity = "";

  @Option(
      names = "--seed",
      defaultValue = "1",
      paramLabel = "N",
      description = "Decides everything that is drawn (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--malformed",
      defaultValue = "REFUSE",
      paramLabel = "WHAT",
      description = "Lines that cannot be read: refuse or skip (default: refuse).")
  private TraceRules.Fault malformed = TraceRules.Fault.REFUSE;

  @Option(
      names = "--zero-tokens",
      defaultValue = "SKIP",
      paramLabel = "WHAT",
      description =
          "Requests without prompt or answer: refuse, skip, or count as one token (default: skip).")
  private TraceRules.ZeroTokens zeroTokens = TraceRules.ZeroTokens.SKIP;

  int tenants() {
    return tenants;
  }

  /** The requests, for another number of tenants if need be; may be opened again and again. */
  Traffic open(int tenantCount) {
    return assigned(cut(requests), tenantCount);
  }

  /** The first of them, at most so many. */
  Traffic openFirst(int tenantCount, long first) {
    return assigned(cut(requests == null ? first : Math.min(first, requests)), tenantCount);
  }

  /** All of a trace, but of endless laws so many unless another number was asked for. */
  Traffic openSome(int tenantCount, long unlessSaid) {
    return assigned(
        cut(requests == null && traces.isEmpty() ? Long.valueOf(unlessSaid) : requests),
        tenantCount);
  }

  boolean drawsTenants() {
    return !popularity.equals(NAMED);
  }

  void describe(SequencedMap<String, String> settings) {
    settings.put("requests", traces.isEmpty() ? generated() : names());
    settings.put("requests at most", requests == null ? "all" : requests.toString());
    settings.put("time scale", Double.toString(timeScale));
    settings.put("tenants", Integer.toString(tenants));
    settings.put("popularity", popularity);
    settings.put("seed", Long.toString(seed));
  }

  private String generated() {
    return "%s, prompts %s, outputs %s".formatted(arrivals, prompts, outputs);
  }

  private String names() {
    return String.join(", ", traces.stream().map(file -> file.getFileName().toString()).toList());
  }

  private Traffic assigned(Trace trace, int tenantCount) {
    return drawsTenants()
        ? Traffic.drawn(trace, tenantCount, Popularity.parse(popularity), seed)
        : Traffic.ofNamed(trace, tenantCount);
  }

  private Trace cut(@Nullable Long most) {
    Trace all = all();
    if (from > 0 || to != null) {
      all = all.between(nanos("from", from), nanos("to", to == null ? YEAR_SECONDS : to));
    }
    return most == null ? all : all.first(most);
  }

  private Trace all() {
    if (traces.isEmpty()) {
      var laws =
          new GeneratedTrace.Laws(
              Arrivals.parse(arrivals), LengthLaw.parse(prompts), LengthLaw.parse(outputs));
      Trace endless = new GeneratedTrace(laws, seed);
      return (requests == null && to == null ? endless.first(10_000) : endless)
          .stretched(timeScale);
    }
    var rules = new TraceRules(malformed, zeroTokens, TraceRules.STRICT.reorderRows());
    List<Trace> opened = new ArrayList<>();
    for (Path file : traces) {
      opened.add(TraceFile.open(file, rules));
    }
    return (opened.size() == 1 ? opened.getFirst() : Trace.merged(opened)).stretched(timeScale);
  }

  private static Nanos nanos(String name, double seconds) {
    if (!(seconds >= 0 && seconds <= YEAR_SECONDS)) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          String.format(
              Locale.ROOT, "%s is %s; it must be between 0 and %.0f", name, seconds, YEAR_SECONDS));
    }
    return new Nanos(Math.round(seconds * 1e9));
  }
}
