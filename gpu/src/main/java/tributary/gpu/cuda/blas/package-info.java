/**
 * NVIDIA's library of matrix products, in the version that is installed, through {@code
 * java.lang.foreign}.
 *
 * <p>May use {@code gpu.cuda.driver} and {@code protocol}.
 */
@NullMarked
package tributary.gpu.cuda.blas;

import org.jspecify.annotations.NullMarked;
