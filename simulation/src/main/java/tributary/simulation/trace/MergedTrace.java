package tributary.simulation.trace;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Several traces as one; of rows that arrive together, the earlier named trace's comes first. */
final class MergedTrace implements Trace {
  private final List<Trace> traces;
  private final List<@Nullable TraceRow> heads = new ArrayList<>();

  MergedTrace(List<Trace> traces) {
    this.traces = List.copyOf(traces);
  }

  @Override
  public Optional<TraceRow> next() {
    if (heads.isEmpty()) {
      traces.forEach(trace -> heads.add(trace.next().orElse(null)));
    }
    int first = -1;
    for (int i = 0; i < heads.size(); i++) {
      if (isBefore(heads.get(i), first < 0 ? null : heads.get(first))) {
        first = i;
      }
    }
    if (first < 0) {
      return Optional.empty();
    }
    TraceRow row = heads.get(first);
    heads.set(first, traces.get(first).next().orElse(null));
    return Optional.ofNullable(row);
  }

  private static boolean isBefore(@Nullable TraceRow row, @Nullable TraceRow other) {
    return row != null && (other == null || row.arrival().compareTo(other.arrival()) < 0);
  }

  @Override
  public long skipped() {
    return traces.stream().mapToLong(Trace::skipped).sum();
  }

  @Override
  public void close() {
    traces.forEach(Trace::close);
  }
}
