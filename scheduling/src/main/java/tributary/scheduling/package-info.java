/**
 * Which sequences run in the next device step, and which deltas move.
 *
 * <p>May use {@code protocol}. No Akka, files, clocks, threads or random sources: the same classes
 * run in real time under {@code actors} and in trace time under {@code simulation}.
 */
@NullMarked
package tributary.scheduling;

import org.jspecify.annotations.NullMarked;
