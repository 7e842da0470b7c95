/**
 * How a budget of bytes is shared out among the parts of a fine-tune.
 *
 * <p>Pure arithmetic: knows no codec, model or file.
 */
@NullMarked
package tributary.compression.allocation;

import org.jspecify.annotations.NullMarked;
