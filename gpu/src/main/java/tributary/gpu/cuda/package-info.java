/**
 * Steps on a CUDA device: whole decode steps of many tenants as one graph each.
 *
 * <p>May use {@code gpu}, {@code gpu.program}, {@code gpu.cuda.driver}, {@code tensor} and {@code
 * protocol}. The kernels are in {@code src/main/cuda}; a class that launches one states where its
 * contract is. Layouts of structures and tiles mirror those in {@code src/main/cuda/common}.
 */
@NullMarked
package tributary.gpu.cuda;

import org.jspecify.annotations.NullMarked;
