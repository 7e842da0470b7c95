package tributary.simulation.trace;

import java.util.Optional;

/** The beginning of a trace. */
final class FirstRows implements Trace {
  private final Trace rows;
  private long left;

  FirstRows(Trace rows, long count) {
    this.rows = rows;
    this.left = count;
  }

  @Override
  public Optional<TraceRow> next() {
    return left-- > 0 ? rows.next() : Optional.empty();
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
