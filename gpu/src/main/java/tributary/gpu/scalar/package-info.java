/**
 * The definition of every kernel contract: one obvious loop each, summed in double.
 *
 * <p>May use {@code gpu}, {@code gpu.host}, {@code tensor} and {@code protocol}. Never optimised;
 * other backends are tested against it.
 */
@NullMarked
package tributary.gpu.scalar;

import org.jspecify.annotations.NullMarked;
