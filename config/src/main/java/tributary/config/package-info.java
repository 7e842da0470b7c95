/**
 * Settings: HOCON read once, at the start, into records. A bad or misspelt key stops the start with
 * its name, the value found and the allowed range.
 *
 * <p>May use {@code protocol} and Typesafe config.
 */
@NullMarked
package tributary.config;

import org.jspecify.annotations.NullMarked;
