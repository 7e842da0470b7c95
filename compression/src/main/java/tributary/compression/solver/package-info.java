/**
 * The arithmetic that calibrated codecs share: curvature of a layer's output error, and the sweep
 * that codes column after column and lets later columns make up for earlier errors.
 *
 * <p>May use {@code tensor.format}, {@code protocol} and EJML. Knows no codec and no model.
 */
@NullMarked
package tributary.compression.solver;

import org.jspecify.annotations.NullMarked;
