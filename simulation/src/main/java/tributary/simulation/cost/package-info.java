/**
 * How long steps and loads take: a formula with few coefficients, fitted to measurements or derived
 * from published ones, and its file.
 *
 * <p>May use {@code scheduling}, {@code protocol} and Jackson.
 */
@NullMarked
package tributary.simulation.cost;

import org.jspecify.annotations.NullMarked;
