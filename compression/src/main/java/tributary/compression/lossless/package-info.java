/**
 * Bit-exact archives of fine-tunes: each tensor as its distance from a prediction, entropy coded.
 *
 * <p>May use {@code tensor} and {@code protocol}. Integer arithmetic only, so that every machine
 * reads what another has written.
 */
@NullMarked
package tributary.compression.lossless;

import org.jspecify.annotations.NullMarked;
