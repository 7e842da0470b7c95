/**
 * The simulator held against a live server: costs fitted to what that one did, and figures of both
 * beside each other.
 *
 * <p>May use {@code scheduling}, {@code protocol} and the other rooms of {@code simulation}. The
 * server itself is run by others.
 */
@NullMarked
package tributary.simulation.validation;

import org.jspecify.annotations.NullMarked;
