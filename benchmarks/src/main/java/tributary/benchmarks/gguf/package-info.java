/**
 * The GGUF file that llama.cpp reads, written from a Hugging Face model directory without changing
 * a weight.
 *
 * <p>May use {@code weights}.
 */
@NullMarked
package tributary.benchmarks.gguf;

import org.jspecify.annotations.NullMarked;
