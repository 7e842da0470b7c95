/**
 * Plots and pages that reports are made of: text that needs no other file.
 *
 * <p>Uses the JDK only, like the room around it. Knows nothing of what is plotted; each room that
 * reports names its own lines and axes.
 */
@NullMarked
package tributary.protocol.plot;

import org.jspecify.annotations.NullMarked;
