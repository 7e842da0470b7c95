package tributary.simulation.trace;

import java.util.Optional;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;

/** A trace in slower or faster time. */
final class StretchedTrace implements Trace {
  private static final double FACTOR_MAX = 1e6;

  private final Trace rows;
  private final double factor;

  StretchedTrace(Trace rows, double factor) {
    if (!(factor > 0 && factor <= FACTOR_MAX)) {
      throw TributaryException.parameter("time-scale", factor, Double.MIN_VALUE, FACTOR_MAX);
    }
    this.rows = rows;
    this.factor = factor;
  }

  @Override
  public Optional<TraceRow> next() {
    return rows.next().map(row -> row.at(new Nanos(Math.round(row.arrival().count() * factor))));
  }

  @Override
  public long skipped() {
    return rows.skipped();
  }

  @Override
  public void close() {
    rows.close();
  }
}
