/**
 * Generation without a server: a batch of sequences computed to their ends, and the comparison of a
 * checkpoint with reference outputs.
 *
 * <p>May use {@code model}, {@code model.sampling}, {@code gpu}, {@code tensor} and {@code
 * protocol}.
 */
@NullMarked
package tributary.model.generate;

import org.jspecify.annotations.NullMarked;
