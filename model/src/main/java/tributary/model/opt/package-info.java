/**
 * OPT: pre-norm blocks with layer norms, biases everywhere, learned positions from row 2 on, and a
 * feed-forward layer of two matrices with a ReLU.
 *
 * <p>May use {@code model.family}, {@code model.decoder}, {@code model.network} and {@code gpu}.
 */
@NullMarked
package tributary.model.opt;

import org.jspecify.annotations.NullMarked;
