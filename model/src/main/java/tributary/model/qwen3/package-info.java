/**
 * Qwen 3: Llama with norms on the queries and keys of each head, and perhaps a sliding window in
 * the upper layers.
 *
 * <p>May use {@code model.family}, {@code model.llama} and {@code gpu}.
 */
@NullMarked
package tributary.model.qwen3;

import org.jspecify.annotations.NullMarked;
