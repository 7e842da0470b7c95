/**
 * The blocks that model families are made of, as data: norms, self-attention, feed-forward layers
 * and how they are added up. A family says which it has and what they are called; the forward pass
 * here and the gradients follow from that.
 *
 * <p>May use {@code model.family}, {@code model.network}, {@code gpu} and {@code tensor}. Knows no
 * family.
 */
@NullMarked
package tributary.model.decoder;

import org.jspecify.annotations.NullMarked;
