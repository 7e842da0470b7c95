/**
 * The running system: sharded delta entities, the device actor with its scheduler and executor, the
 * token path with its credits, and the node that wires them.
 *
 * <p>May use {@code model}, {@code scheduling}, {@code config}, {@code protocol} and Akka. Nothing
 * here blocks a shared dispatcher.
 */
@NullMarked
package tributary.actors;

import org.jspecify.annotations.NullMarked;
