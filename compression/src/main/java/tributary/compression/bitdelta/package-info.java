/**
 * The BitDelta codec as published: one sign per weight and a closed-form scale, on the difference
 * and then on what is left of it; and uniform codes for embeddings.
 *
 * <p>May use {@code solver}, {@code tensor} and {@code protocol}. Departs from the released code in
 * this: signs lie along rows as {@code tensor.format} says, norms and biases are carried,
 * embeddings are coded too, and a scale per row is offered beside the published scale per matrix.
 */
@NullMarked
package tributary.compression.bitdelta;

import org.jspecify.annotations.NullMarked;
