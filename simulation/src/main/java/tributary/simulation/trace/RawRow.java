package tributary.simulation.trace;

import org.jspecify.annotations.Nullable;

/**
 * A row as a file says it.
 *
 * @param nanos on the file's own clock
 * @param promptTokens at least 0
 * @param outputTokens at least 0
 */
record RawRow(long nanos, @Nullable String model, int promptTokens, int outputTokens) {}
