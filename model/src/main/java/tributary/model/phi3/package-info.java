/**
 * Phi 3: Llama with one layer for queries, keys and values and one for gate and up.
 *
 * <p>May use {@code model.family}, {@code model.llama} and {@code gpu}.
 */
@NullMarked
package tributary.model.phi3;

import org.jspecify.annotations.NullMarked;
