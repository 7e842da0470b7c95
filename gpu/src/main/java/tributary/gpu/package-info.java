/**
 * Kernel contracts, the owners of device memory they work on, and the choice of a backend.
 *
 * <p>May use {@code tensor} and {@code protocol}. Knows no model family: a contract speaks of rows,
 * matrices and runs of rows, never of layers or projections. {@code gpu.scalar} defines each
 * contract's meaning; other backends are tested against it.
 */
@NullMarked
package tributary.gpu;

import org.jspecify.annotations.NullMarked;
