/**
 * Whole steps as data, for backends that compile them once instead of being told kernel by kernel:
 * the recorder that takes a step down, and the contracts of a compiled model.
 *
 * <p>May use {@code gpu}, {@code tensor} and {@code protocol}. Slots number the matrices and the
 * vectors of a model; what they mean is the caller's.
 */
@NullMarked
package tributary.gpu.program;

import org.jspecify.annotations.NullMarked;
