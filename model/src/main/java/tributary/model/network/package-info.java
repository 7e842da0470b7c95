/**
 * What model families are built of: parameters by name, their values in the base and in tenants'
 * differences, and the steps of a ragged batch over them.
 *
 * <p>May use {@code gpu}, {@code tensor} and {@code protocol}. Knows no family: a family is a
 * package of its own that implements {@link tributary.model.network.Network}.
 */
@NullMarked
package tributary.model.network;

import org.jspecify.annotations.NullMarked;
