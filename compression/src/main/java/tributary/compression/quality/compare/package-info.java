/**
 * Compresses fine-tunes with several codecs and measures what each keeps.
 *
 * <p>May use {@code compression}, {@code model} and what these may use.
 */
@NullMarked
package tributary.compression.quality.compare;

import org.jspecify.annotations.NullMarked;
