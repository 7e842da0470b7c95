/** A family that nothing but its own package and its service line knows. */
@NullMarked
package tributary.model.upstart;

import org.jspecify.annotations.NullMarked;
