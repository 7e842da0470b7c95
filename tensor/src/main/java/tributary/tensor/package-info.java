/**
 * Tensors as bytes: element types, shapes and views of memory that somebody else owns.
 *
 * <p>May use {@code protocol}. Knows no codec, kernel or model.
 */
@NullMarked
package tributary.tensor;

import org.jspecify.annotations.NullMarked;
