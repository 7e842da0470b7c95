/**
 * Measuring the forward pass: random models of real shapes, and the decode benchmark.
 *
 * <p>May use {@code model}, {@code gpu}, {@code tensor} and {@code protocol}.
 */
@NullMarked
package tributary.model.bench;

import org.jspecify.annotations.NullMarked;
