/**
 * The part of the Jinja template language that chat templates use, as an interpreter that can do
 * nothing else: values are a closed set of immutable data, names resolve to data or to functions
 * listed here, and a budget ends every template.
 *
 * <p>May use {@code protocol}.
 */
@NullMarked
package tributary.model.jinja;

import org.jspecify.annotations.NullMarked;
