/**
 * Virtual time: nodes, each around a real scheduler, whose steps and loads take as long as a cost
 * model says. One thread, and the same numbers for the same seed.
 *
 * <p>May use {@code scheduling}, {@code protocol} and the other rooms of {@code simulation}. What
 * the scheduler and the residency decide is never decided here.
 */
@NullMarked
package tributary.simulation.engine;

import org.jspecify.annotations.NullMarked;
