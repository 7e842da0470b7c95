/**
 * From logits to a token, on the host.
 *
 * <p>May use {@code protocol}. Pure: the draw depends on logits, history, seed and index alone.
 */
@NullMarked
package tributary.model.sampling;

import org.jspecify.annotations.NullMarked;
