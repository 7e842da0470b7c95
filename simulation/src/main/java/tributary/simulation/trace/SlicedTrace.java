package tributary.simulation.trace;

import java.util.Optional;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;

/** The rows of a span of time. */
final class SlicedTrace implements Trace {
  private final Trace rows;
  private final Nanos from;
  private final Nanos to;

  SlicedTrace(Trace rows, Nanos from, Nanos to) {
    if (from.count() < 0 || from.compareTo(to) >= 0) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "a slice from %s s to %s s is empty; its end must come after its beginning"
              .formatted(from.seconds(), to.seconds()));
    }
    this.rows = rows;
    this.from = from;
    this.to = to;
  }

  @Override
  public Optional<TraceRow> next() {
    Optional<TraceRow> row = rows.next();
    while (row.isPresent() && row.get().arrival().compareTo(from) < 0) {
      row = rows.next();
    }
    return row.filter(found -> found.arrival().compareTo(to) < 0)
        .map(found -> found.at(found.arrival().minus(from)));
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
