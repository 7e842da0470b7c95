/**
 * The words that rooms share: ids, units, a generation request, its tokens, refusals and errors.
 *
 * <p>Uses the JDK and JSpecify only; {@code protocol.openai} adds Jackson for the wire bodies, and
 * {@code protocol.plot} draws what reports of several rooms show. No Akka, no files, no tensors.
 */
@NullMarked
package tributary.protocol;

import org.jspecify.annotations.NullMarked;
