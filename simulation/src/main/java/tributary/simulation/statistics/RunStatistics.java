package tributary.simulation.statistics;

import java.util.ArrayList;
import java.util.List;
import tributary.protocol.Nanos;

/** Gathers the requests of a run, or of several one after the other, as they end. */
public final class RunStatistics {
  private static final int FACTORS_PER_DOUBLING = 4;
  private static final int DOUBLINGS = 6;

  private final Objective objective;
  private final Timeline timeline = new Timeline();
  private final Gathering firstToken = new Gathering();
  private final Gathering endToEnd = new Gathering();
  private final Gathering perToken = new Gathering();
  private final Gathering factor = new Gathering();
  private final TenantTotals tenants;
  private long arrived;
  private long finished;
  private long refused;
  private long lost;
  private long restarted;
  private long outputTokens;
  private Nanos before = Nanos.ZERO;
  private Nanos last = Nanos.ZERO;

  public RunStatistics(int tenants, Objective objective) {
    this.tenants = new TenantTotals(tenants);
    this.objective = objective;
  }

  /**
   * A request that ended well.
   *
   * @param first when its first token was drawn
   * @param end when its last was
   */
  public record Finished(int tenant, Nanos arrival, Nanos first, Nanos end, int tokens) {}

  public void arrived() {
    arrived++;
  }

  public void finished(Finished request) {
    double toFirst = request.first.minus(request.arrival).seconds();
    double toEnd = request.end.minus(request.arrival).seconds();
    finished++;
    outputTokens += request.tokens;
    last = request.end.compareTo(last) > 0 ? request.end : last;
    firstToken.add(toFirst);
    endToEnd.add(toEnd);
    double gap = 0;
    if (request.tokens > 1) {
      gap = (toEnd - toFirst) / (request.tokens - 1);
      perToken.add(gap);
    }
    factor.add(objective.neededFactor(toFirst, gap));
    tenants.add(request.tenant, toFirst, toEnd / request.tokens);
  }

  public void refused() {
    refused++;
  }

  public void lost() {
    lost++;
  }

  public void restarted() {
    restarted++;
  }

  /** The run is over; the moments of what comes now count from the beginning of another. */
  public void nextRun() {
    before = before.plus(last);
    last = Nanos.ZERO;
  }

  public Timeline timeline() {
    return timeline;
  }

  /** Tokens of requests that have ended. */
  public long outputTokens() {
    return outputTokens;
  }

  /** Requests that are somewhere between arrival and end. */
  public long open() {
    return arrived - finished - refused - lost;
  }

  /** The moment of the run's last end. */
  public Nanos last() {
    return last;
  }

  public Outcome outcome(long skippedRows, Outcome.Work work) {
    double seconds = before.plus(last).seconds();
    List<TenantTotals.Total> totals = tenants.totals();
    return new Outcome(
        new Outcome.Counts(arrived, finished, refused, lost, restarted, skippedRows),
        seconds,
        seconds == 0 ? 0 : finished / seconds,
        seconds == 0 ? 0 : outputTokens / seconds,
        firstToken.summary(),
        endToEnd.summary(),
        perToken.summary(),
        fairness(totals),
        attainment(),
        work,
        totals,
        timeline.samples());
  }

  private static Outcome.Fairness fairness(List<TenantTotals.Total> totals) {
    double sum = 0;
    double squares = 0;
    double first = 0;
    double worst = 0;
    for (TenantTotals.Total total : totals) {
      sum += total.slowdown();
      squares += total.slowdown() * total.slowdown();
      first += total.firstTokenSeconds();
      worst = Math.max(worst, total.firstTokenSeconds());
    }
    return new Outcome.Fairness(
        squares == 0 ? 1 : sum * sum / (totals.size() * squares),
        first == 0 ? 1 : worst * totals.size() / first);
  }

  private List<Outcome.Attainment> attainment() {
    double served = arrived == 0 ? 0 : (double) finished / arrived;
    List<Outcome.Attainment> shares = new ArrayList<>();
    for (int i = -2 * FACTORS_PER_DOUBLING; i <= DOUBLINGS * FACTORS_PER_DOUBLING; i++) {
      double by = Math.pow(2, (double) i / FACTORS_PER_DOUBLING);
      shares.add(new Outcome.Attainment(by, served * factor.shareUpTo(by)));
    }
    return shares;
  }
}
