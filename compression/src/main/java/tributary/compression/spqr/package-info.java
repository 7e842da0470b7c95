/**
 * SpQR's codec: small groups with quantized statistics, and the few weights that no grid fits
 * stored beside them.
 *
 * <p>May use {@code compression}'s problems, {@code compression.solver} and {@code tensor.format}.
 */
@NullMarked
package tributary.compression.spqr;

import org.jspecify.annotations.NullMarked;
