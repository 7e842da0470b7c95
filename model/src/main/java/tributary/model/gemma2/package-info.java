/**
 * Gemma 2: Llama with norms that multiply by 1 + w, before and after each half of a block; scaled
 * embeddings that are also the head; soft caps on attention scores and logits; a sliding window in
 * every other layer; a tanh GELU.
 *
 * <p>May use {@code model.family}, {@code model.decoder}, {@code model.network} and {@code gpu}.
 */
@NullMarked
package tributary.model.gemma2;

import org.jspecify.annotations.NullMarked;
