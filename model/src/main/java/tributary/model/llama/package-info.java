/**
 * The Llama family: pre-norm blocks of grouped-query attention with rotary positions and a gated
 * feed-forward layer. Other families say how they depart from it.
 *
 * <p>May use {@code model.family}, {@code model.decoder}, {@code model.network} and {@code gpu}.
 */
@NullMarked
package tributary.model.llama;

import org.jspecify.annotations.NullMarked;
