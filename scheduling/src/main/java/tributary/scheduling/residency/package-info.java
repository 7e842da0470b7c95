/**
 * Which deltas lie where, at which precision, and what moves next: byte budgets of RAM and device,
 * eviction, and precision under pressure.
 *
 * <p>May use {@code protocol}. No Akka, files, clocks, threads or random sources: whoever drives it
 * carries the moves out and says when they are done.
 */
@NullMarked
package tributary.scheduling.residency;

import org.jspecify.annotations.NullMarked;
