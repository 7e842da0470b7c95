/**
 * The GGUF files that llama.cpp reads, written from a Hugging Face model directory and from LoRA
 * adapters without changing a weight.
 *
 * <p>May use {@code weights}.
 */
@NullMarked
package tributary.benchmarks.gguf;

import org.jspecify.annotations.NullMarked;
