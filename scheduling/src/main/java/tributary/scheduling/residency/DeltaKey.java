package tributary.scheduling.residency;

import tributary.protocol.DeltaId;

/** One version of a variant's delta. */
public record DeltaKey(DeltaId id, long version) {}
