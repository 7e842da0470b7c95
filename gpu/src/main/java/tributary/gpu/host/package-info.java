/**
 * Operands of backends that compute on the CPU, in host memory, and what is checked of them.
 *
 * <p>May use {@code gpu}, {@code tensor} and {@code protocol}. Computes nothing: layouts only.
 */
@NullMarked
package tributary.gpu.host;

import org.jspecify.annotations.NullMarked;
