package tributary.simulation.workload;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.simulation.trace.Trace;
import tributary.simulation.trace.TraceRow;

/**
 * The requests of a trace, each with its tenant: the one that the trace names, or one drawn by a
 * law.
 */
public final class Traffic implements AutoCloseable {
  public static final int TENANTS_MAX = 100_000;

  private final Trace trace;
  private final int tenants;
  private final Map<String, Integer> named = new HashMap<>();
  private final double @Nullable [] upTo;
  private final Dice dice;
  private long count;

  private Traffic(Trace trace, int tenants, double @Nullable [] upTo, long seed) {
    if (tenants < 1 || tenants > TENANTS_MAX) {
      throw TributaryException.parameter("tenants", tenants, 1, TENANTS_MAX);
    }
    this.trace = trace;
    this.tenants = tenants;
    this.upTo = upTo;
    this.dice = new Dice(seed, "tenants");
  }

  /** Requests of the tenants that the trace names, at most so many; each row must name one. */
  public static Traffic ofNamed(Trace trace, int tenantsMax) {
    return new Traffic(trace, tenantsMax, null, 0);
  }

  /** Requests whose tenants are drawn, whatever the trace says. */
  public static Traffic drawn(Trace trace, int tenants, Popularity popularity, long seed) {
    if (tenants < 1 || tenants > TENANTS_MAX) {
      throw TributaryException.parameter("tenants", tenants, 1, TENANTS_MAX);
    }
    double[] upTo = popularity.shares(tenants);
    for (int i = 1; i < tenants; i++) {
      upTo[i] += upTo[i - 1];
    }
    return new Traffic(trace, tenants, upTo, seed);
  }

  public Optional<Request> next() {
    return trace.next().map(this::request);
  }

  /** Tenants at most. */
  public int tenants() {
    return tenants;
  }

  /** Rows of the trace that were left out so far. */
  public long skipped() {
    return trace.skipped();
  }

  @Override
  public void close() {
    trace.close();
  }

  private Request request(TraceRow row) {
    int tenant = upTo == null ? named(row) : drawn(upTo);
    return new Request(count++, row.arrival(), tenant, row.promptTokens(), row.outputTokens());
  }

  private int drawn(double[] upTo) {
    int found = Arrays.binarySearch(upTo, dice.uniform());
    return Math.min(found >= 0 ? found + 1 : -found - 1, upTo.length - 1);
  }

  private int named(TraceRow row) {
    String model = row.model();
    if (model == null) {
      throw new TributaryException(
          ErrorCode.USAGE,
          "request %d of the trace names no model; draw tenants with --tenants and --popularity"
              .formatted(count));
    }
    Integer known = named.get(model);
    if (known != null) {
      return known;
    }
    if (named.size() == tenants) {
      throw new TributaryException(
          ErrorCode.USAGE,
          "the trace names more than %d models; raise --tenants".formatted(tenants));
    }
    named.put(model, named.size());
    return named.size() - 1;
  }
}
