/**
 * Model directories in Hugging Face layout: reading one that exists and making one of random
 * weights in a known model's shape; LoRA adapters as PEFT saves them, random too.
 *
 * <p>May use Jackson. Knows no engine.
 */
@NullMarked
package tributary.benchmarks.weights;

import org.jspecify.annotations.NullMarked;
