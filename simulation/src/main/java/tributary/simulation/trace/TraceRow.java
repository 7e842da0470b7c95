package tributary.simulation.trace;

import org.jspecify.annotations.Nullable;
import tributary.protocol.Nanos;

/**
 * One request of a trace.
 *
 * @param arrival since the trace's first request
 * @param model the variant that was asked for; null where the trace does not say
 * @param promptTokens at least 1
 * @param outputTokens at least 1
 */
public record TraceRow(Nanos arrival, @Nullable String model, int promptTokens, int outputTokens) {
  TraceRow at(Nanos moved) {
    return new TraceRow(moved, model, promptTokens, outputTokens);
  }
}
