/**
 * What a delta file holds, for people and scripts.
 *
 * <p>May use {@code tensor} and {@code protocol}; its records are written as JSON by their
 * annotations.
 */
@NullMarked
package tributary.compression.inspect;

import org.jspecify.annotations.NullMarked;
