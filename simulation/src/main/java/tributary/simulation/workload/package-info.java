/**
 * Laws of traffic: when requests come, how long they are and whose they are. All are decided by a
 * seed.
 *
 * <p>May use {@code protocol} and {@code simulation.trace}.
 */
@NullMarked
package tributary.simulation.workload;

import org.jspecify.annotations.NullMarked;
