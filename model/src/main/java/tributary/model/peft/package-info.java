/**
 * LoRA adapters as the PEFT library saves them, read as differences to a base.
 *
 * <p>May use {@code model.family}, {@code model.json}, {@code model.network}, {@code tensor} and
 * {@code protocol}. Nothing that an adapter names is run.
 */
@NullMarked
package tributary.model.peft;

import org.jspecify.annotations.NullMarked;
