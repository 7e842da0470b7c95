/**
 * Who asks, what they may use and how much of it, and the ledger of what they used.
 *
 * <p>May use {@code config}, {@code protocol} and JDBC, which nothing else here does. Databases are
 * reached on the ledger's own thread only.
 */
@NullMarked
package tributary.streams.tenancy;

import org.jspecify.annotations.NullMarked;
