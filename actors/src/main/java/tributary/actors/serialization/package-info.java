/**
 * Messages to bytes and back: Kryo under Akka's serialization, with every class registered, every
 * field written by hand and every length checked against the bytes that are there.
 *
 * <p>Knows no message: rooms register theirs. May use Kryo, Akka's actors and {@code protocol}.
 */
@NullMarked
package tributary.actors.serialization;

import org.jspecify.annotations.NullMarked;
