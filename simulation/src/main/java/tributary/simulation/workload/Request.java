package tributary.simulation.workload;

import tributary.protocol.Nanos;

/**
 * One request with its tenant.
 *
 * @param number counted from 0 in the order of arrival
 * @param tenant counted from 0
 */
public record Request(long number, Nanos arrival, int tenant, int promptTokens, int outputTokens) {}
