/**
 * How well a variant does on held-out records and text, with every token of the truth given.
 *
 * <p>May use {@code model}, {@code gpu}'s contracts, {@code protocol} and Jackson.
 */
@NullMarked
package tributary.compression.quality;

import org.jspecify.annotations.NullMarked;
