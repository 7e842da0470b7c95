/**
 * Qwen 2 and 2.5: Llama with biases on queries, keys and values, and perhaps a sliding window in
 * the upper layers.
 *
 * <p>May use {@code model.family}, {@code model.llama} and {@code gpu}.
 */
@NullMarked
package tributary.model.qwen2;

import org.jspecify.annotations.NullMarked;
