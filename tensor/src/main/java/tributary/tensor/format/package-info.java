/**
 * The normative byte layouts of deltas: what the bits of each stored form mean.
 *
 * <p>May use {@code tensor} and {@code protocol}. Knows neither how codes are chosen nor which
 * kernel reads them.
 */
@NullMarked
package tributary.tensor.format;

import org.jspecify.annotations.NullMarked;
