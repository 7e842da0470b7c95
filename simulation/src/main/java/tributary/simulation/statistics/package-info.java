/**
 * What a run comes to, gathered in bounded memory however long it is.
 *
 * <p>May use {@code protocol}, HdrHistogram and Jackson's annotations.
 */
@NullMarked
package tributary.simulation.statistics;

import org.jspecify.annotations.NullMarked;
