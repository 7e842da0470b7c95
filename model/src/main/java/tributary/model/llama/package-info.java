/**
 * The Llama family: pre-norm blocks of grouped-query attention with rotary positions and a gated
 * feed-forward layer.
 *
 * <p>May use {@code model.network}, {@code gpu} and {@code tensor}.
 */
@NullMarked
package tributary.model.llama;

import org.jspecify.annotations.NullMarked;
