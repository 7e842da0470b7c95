/**
 * The OpenAI-compatible bodies: requests read strictly from JSON, answers written as JSON.
 *
 * <p>May use {@code protocol} and Jackson. Pure: bytes in, records out, and back. What a request
 * means for a model (tokens, context, vocabulary) is decided by whoever knows the model.
 */
@NullMarked
package tributary.protocol.openai;

import org.jspecify.annotations.NullMarked;
