/**
 * Reading of the small JSON files that lie beside a checkpoint, within bounds.
 *
 * <p>May use {@code protocol} and Jackson.
 */
@NullMarked
package tributary.model.json;

import org.jspecify.annotations.NullMarked;
