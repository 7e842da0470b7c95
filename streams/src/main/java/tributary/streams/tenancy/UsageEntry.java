package tributary.streams.tenancy;

import java.time.Instant;
import tributary.protocol.Usage;

/**
 * What one answer used.
 *
 * @param answer its id, unique
 * @param key id of the key that asked
 * @param outcome {@code complete}, {@code client_gone} or the code of what went wrong
 */
public record UsageEntry(
    String answer, String key, String model, Usage usage, String outcome, Instant at) {}
