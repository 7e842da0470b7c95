/**
 * Text and token ids: tokenizers, chat templates, decoding of streams on whole characters, stop
 * strings.
 *
 * <p>May use {@code protocol}, {@code model.json}, {@code model.jinja}, {@code model.grammar} and
 * DJL's tokenizers.
 */
@NullMarked
package tributary.model.tokenizer;

import org.jspecify.annotations.NullMarked;
