/**
 * GPT-NeoX and Pythia: layer norms, one layer whose outputs interleave each head's query, key and
 * value, a part of each head rotated, attention beside the feed-forward layer, a GELU.
 *
 * <p>May use {@code model.family}, {@code model.decoder}, {@code model.network} and {@code gpu}.
 */
@NullMarked
package tributary.model.gptneox;

import org.jspecify.annotations.NullMarked;
