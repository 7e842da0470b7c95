/**
 * The engines that are compared, each in a process of its own, and how their speed is taken.
 *
 * <p>May use {@code weights} and {@code gguf}, Jlama, the llama.cpp binding and Jackson.
 */
@NullMarked
package tributary.benchmarks.engines;

import org.jspecify.annotations.NullMarked;
