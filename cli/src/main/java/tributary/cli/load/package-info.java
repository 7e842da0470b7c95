/**
 * A load client for any server with an OpenAI-compatible API: sends requests at their times, reads
 * the streams and says what their readers saw, as {@code vllm bench serve} counts it.
 *
 * <p>May use {@code simulation}'s requests and plots, {@code model.tokenizer} and {@code protocol}.
 */
@NullMarked
package tributary.cli.load;

import org.jspecify.annotations.NullMarked;
