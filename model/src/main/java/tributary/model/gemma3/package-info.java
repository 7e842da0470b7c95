/**
 * Gemma 3, text: Gemma 2 without soft caps, with norms on the queries and keys of each head, and
 * with faster rotation in the five of six layers that have a sliding window.
 *
 * <p>May use {@code model.family}, {@code model.decoder}, {@code model.network} and {@code gpu}.
 */
@NullMarked
package tributary.model.gemma3;

import org.jspecify.annotations.NullMarked;
