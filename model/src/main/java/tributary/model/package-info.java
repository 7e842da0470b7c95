/**
 * Models of Hugging Face checkpoints: configuration, weights, tenants' differences, the forward
 * pass over a ragged batch, and sampling.
 *
 * <p>May use {@code gpu}, {@code tensor} and {@code protocol}. No Akka: everything here also runs
 * in offline commands.
 */
@NullMarked
package tributary.model;

import org.jspecify.annotations.NullMarked;
