/**
 * The kernel contracts on the Vector API and several threads.
 *
 * <p>May use {@code gpu}, {@code gpu.host}, {@code tensor}, {@code protocol}; the only importer of
 * {@code jdk.incubator.vector}. Every sum has one order, written out: reductions whose order the
 * Vector API leaves open are not used, so a row's result depends on nothing but that row.
 */
@NullMarked
package tributary.gpu.vector;

import org.jspecify.annotations.NullMarked;
