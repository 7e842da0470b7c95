/**
 * Falcon: attention beside the feed-forward layer, layer norms, linear layers without biases, one
 * layer whose outputs interleave queries with the key and value they share. The 7B layout has one
 * key-value head and one norm for both halves of a block, the 40B layout several and a norm each.
 *
 * <p>May use {@code model.family}, {@code model.decoder}, {@code model.network} and {@code gpu}.
 */
@NullMarked
package tributary.model.falcon;

import org.jspecify.annotations.NullMarked;
