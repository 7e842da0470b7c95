/**
 * Requests to simulate, in the order of their arrival: read from the public traces' files or made
 * by laws, one row at a time.
 *
 * <p>May use {@code protocol} and Jackson. Whatever draws a number is given its seed.
 */
@NullMarked
package tributary.simulation.trace;

import org.jspecify.annotations.NullMarked;
