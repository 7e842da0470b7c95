/**
 * Files of tensors: safetensors, Hugging Face checkpoints, and the delta file built on them.
 *
 * <p>May use {@code tensor}, {@code tensor.format}, {@code protocol} and Jackson. Every byte read
 * here comes from outside: it is checked before it is believed.
 */
@NullMarked
package tributary.tensor.container;

import org.jspecify.annotations.NullMarked;
