/**
 * Which node of a cluster variants live on, which of them move, and which are served by several.
 *
 * <p>May use {@code protocol}. No Akka, files, clocks, threads or random sources: the cluster and
 * the simulator ask the same rules.
 */
@NullMarked
package tributary.scheduling.placement;

import org.jspecify.annotations.NullMarked;
