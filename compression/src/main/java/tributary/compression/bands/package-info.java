/**
 * Our own codes of linear layers: sign planes and vector codes, searched so that a layer's outputs,
 * not its weights, change least.
 *
 * <p>May use {@code compression}'s problems, {@code compression.solver} and {@code tensor.format}.
 */
@NullMarked
package tributary.compression.bands;

import org.jspecify.annotations.NullMarked;
