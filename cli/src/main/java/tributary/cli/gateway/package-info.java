/**
 * Measuring what a token costs on its way from the device to the client: tokens that take no time
 * to compute, and a client that does little more than count them.
 *
 * <p>May use {@code actors} and {@code protocol}.
 */
@NullMarked
package tributary.cli.gateway;

import org.jspecify.annotations.NullMarked;
