/**
 * Mistral: Llama with a sliding window in every layer.
 *
 * <p>May use {@code model.family}, {@code model.llama} and {@code gpu}.
 */
@NullMarked
package tributary.model.mistral;

import org.jspecify.annotations.NullMarked;
