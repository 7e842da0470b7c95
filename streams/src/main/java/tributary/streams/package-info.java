/**
 * The HTTP front end: OpenAI-compatible routes, server-sent events, backpressure from the socket to
 * the sequence, metrics, and an end without broken streams.
 *
 * <p>A request passes four rooms: body to checked request ({@link tributary.streams.Admission},
 * pure), checked request to a source of events ({@link tributary.streams.AnswerSource}), events to
 * bytes ({@link tributary.streams.SseEncoder}, {@link tributary.streams.AnswerCollector}, pure),
 * and the HTTP around them.
 *
 * <p>May use {@code actors}, {@code model.tokenizer}, {@code model.grammar}, {@code config}, {@code
 * protocol}, Akka HTTP and Kamon. Nothing below this package may know it.
 */
@NullMarked
package tributary.streams;

import org.jspecify.annotations.NullMarked;
