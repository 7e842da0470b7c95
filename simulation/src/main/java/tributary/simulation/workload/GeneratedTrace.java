package tributary.simulation.workload;

import java.util.Optional;
import tributary.protocol.Nanos;
import tributary.simulation.trace.Trace;
import tributary.simulation.trace.TraceRow;

/** A trace drawn by laws; goes on for ever, so that its user says where it ends. */
public final class GeneratedTrace implements Trace {
  /**
   * What is drawn.
   *
   * @param prompt lengths of prompts
   * @param output lengths of answers
   */
  public record Laws(Arrivals arrivals, LengthLaw prompt, LengthLaw output) {}

  private final ArrivalTimes times;
  private final Lengths prompts;
  private final Lengths outputs;

  public GeneratedTrace(Laws laws, long seed) {
    times = new ArrivalTimes(laws.arrivals(), seed);
    prompts = new Lengths(laws.prompt(), seed, "prompts");
    outputs = new Lengths(laws.output(), seed, "outputs");
  }

  @Override
  public Optional<TraceRow> next() {
    var arrival = new Nanos(Math.round(times.next() * 1e9));
    return Optional.of(new TraceRow(arrival, null, prompts.next(), outputs.next()));
  }

  @Override
  public void close() {
    // Nothing is open.
  }
}
