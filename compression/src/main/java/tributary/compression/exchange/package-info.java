/**
 * What leaves as, or comes from, other people's formats: merged checkpoints, LoRA adapters and
 * published deltas as delta files, quantized checkpoints.
 *
 * <p>May use {@code compression}'s decoder and {@code compression.lossless}'s list of side files,
 * {@code model}, {@code gpu}, {@code tensor} and {@code protocol}.
 */
@NullMarked
package tributary.compression.exchange;

import org.jspecify.annotations.NullMarked;
