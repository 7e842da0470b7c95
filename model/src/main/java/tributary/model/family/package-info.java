/**
 * What a model family is: the reading of its configuration, and what comes of that.
 *
 * <p>May use {@code model.network}, {@code gpu} and {@code protocol}. Families are found through
 * {@link java.util.ServiceLoader}; nothing here knows one.
 */
@NullMarked
package tributary.model.family;

import org.jspecify.annotations.NullMarked;
