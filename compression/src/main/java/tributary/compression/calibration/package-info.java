/**
 * What a fine-tune's layers are fed, from real records: the statistics that codecs weigh their
 * errors with, and the walk through the network that takes them from a model compressed so far.
 *
 * <p>May use {@code compression}'s problems and reading of records, {@code model}, {@code gpu}'s
 * contracts and {@code protocol}. Knows no codec.
 */
@NullMarked
package tributary.compression.calibration;

import org.jspecify.annotations.NullMarked;
