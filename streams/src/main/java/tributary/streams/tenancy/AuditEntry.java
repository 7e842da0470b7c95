package tributary.streams.tenancy;

import java.time.Instant;

/**
 * Something that an admin did, or tried to.
 *
 * @param request the request's name
 * @param detail such as the name of what it was done to; never content
 */
public record AuditEntry(String key, String request, String action, String detail, Instant at) {}
