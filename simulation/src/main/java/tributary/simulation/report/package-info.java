/**
 * A comparison for people and for scripts: a table, a JSON file, and a page with plots that needs
 * nothing from anywhere else.
 *
 * <p>May use {@code protocol}, Jackson and the other rooms of {@code simulation}.
 */
@NullMarked
package tributary.simulation.report;

import org.jspecify.annotations.NullMarked;
