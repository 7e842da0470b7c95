/**
 * What a fine-tune's layers are fed, from real records: the statistics that codecs weigh their
 * errors with.
 *
 * <p>May use {@code model}, {@code gpu}'s contracts and {@code protocol}. Knows no codec.
 */
@NullMarked
package tributary.compression.calibration;

import org.jspecify.annotations.NullMarked;
