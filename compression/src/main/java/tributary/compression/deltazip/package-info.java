/**
 * DeltaZip's codec: pruning and quantization of a difference in one error-compensating sweep.
 *
 * <p>May use {@code compression}'s problems, {@code compression.solver} and {@code tensor.format}.
 */
@NullMarked
package tributary.compression.deltazip;

import org.jspecify.annotations.NullMarked;
