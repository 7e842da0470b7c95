package tributary.simulation.trace;

import java.util.List;
import java.util.Optional;
import tributary.protocol.Nanos;

/** Requests in the order of their arrival, one at a time, so that a file may be of any size. */
public interface Trace extends AutoCloseable {
  /** The next row, which arrives no earlier than the one before; empty at the end. */
  Optional<TraceRow> next();

  @Override
  void close();

  /** Rows that were left out so far because the rules said so. */
  default long skipped() {
    return 0;
  }

  /** This trace with every arrival multiplied by {@code factor}: 0.5 doubles the rate. */
  default Trace stretched(double factor) {
    return new StretchedTrace(this, factor);
  }

  /** The rows that arrive at or after {@code from} and before {@code to}, counted from there. */
  default Trace between(Nanos from, Nanos to) {
    return new SlicedTrace(this, from, to);
  }

  /** The first rows, at most {@code rows} of them. */
  default Trace first(long rows) {
    return new FirstRows(this, rows);
  }

  /** All rows of several traces that run at the same time. */
  static Trace merged(List<Trace> traces) {
    return new MergedTrace(traces);
  }
}
