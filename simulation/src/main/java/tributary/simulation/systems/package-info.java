/**
 * The ways of serving many fine-tunes that are compared with each other, each as a cluster to
 * simulate, and the search for the least hardware that keeps a promise.
 *
 * <p>May use {@code scheduling}, {@code protocol} and the other rooms of {@code simulation}.
 */
@NullMarked
package tributary.simulation.systems;

import org.jspecify.annotations.NullMarked;
