/**
 * From a base and a fine-tune to a delta file: which tensors changed, which codec takes which, and
 * the pipeline that writes the file.
 *
 * <p>May use {@code tensor}, {@code model} and {@code protocol}. Offline only: nothing here is
 * needed to serve a delta.
 */
@NullMarked
package tributary.compression;

import org.jspecify.annotations.NullMarked;
