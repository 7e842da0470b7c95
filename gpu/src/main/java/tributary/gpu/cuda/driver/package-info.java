/**
 * The CUDA driver: device, streams, events, modules, graphs, memory and their owners, behind one
 * small interface, so that what is asked of a device can be tested without one.
 *
 * <p>May use {@code protocol}, JCuda's driver binding, and the libraries of the installed driver
 * and of cuBLAS. Knows no kernel.
 */
@NullMarked
package tributary.gpu.cuda.driver;

import org.jspecify.annotations.NullMarked;
