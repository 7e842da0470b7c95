/**
 * Gradients of a loss on a model's logits with respect to its weights, for calibration: a forward
 * pass over whole sequences that keeps what the way back needs, and the way back.
 *
 * <p>Dense fp32 weights on the heap, no cache, no tenants: the model of one fine-tune, or of a base
 * and a decoded delta. Knows the blocks of {@code model.decoder}, no family. May use {@code
 * model}'s configuration, {@code gpu}'s {@link tributary.gpu.Gemm}, {@code tensor} and {@code
 * protocol}. Each operation is a class with its forward and its backward form.
 */
@NullMarked
package tributary.model.gradient;

import org.jspecify.annotations.NullMarked;
