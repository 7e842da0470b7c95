/**
 * Runs of a live server's scheduler: everything that it was told, what it planned, and how long its
 * steps took.
 *
 * <p>May use {@code scheduling}, {@code protocol} and Jackson.
 */
@NullMarked
package tributary.simulation.recording;

import org.jspecify.annotations.NullMarked;
