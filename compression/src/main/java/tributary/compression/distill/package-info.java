/**
 * Distillation of scales: a compressed model's scales are trained until its logits are near the
 * fine-tune's; codes and everything else stay.
 *
 * <p>May use {@code model.gradient}, {@code gpu}'s {@link tributary.gpu.Gemm}, {@code
 * calibration}'s {@link tributary.compression.calibration.ScratchFile}, {@code tensor} and {@code
 * protocol}. Knows codes by what their scales do, not by who made them. Departs from BitDelta's
 * released code in this: only scales are trained, gradients are whole, and what is no better on
 * records held out is not taken.
 */
@NullMarked
package tributary.compression.distill;

import org.jspecify.annotations.NullMarked;
