/**
 * Text and token ids: tokenizers, chat templates, decoding of streams on whole characters, stop
 * strings.
 *
 * <p>May use {@code protocol}, DJL's tokenizers and jinjava.
 */
@NullMarked
package tributary.model.tokenizer;

import org.jspecify.annotations.NullMarked;
