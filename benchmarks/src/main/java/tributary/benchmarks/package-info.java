/** The commands of {@code benchmarks/run}. */
@NullMarked
package tributary.benchmarks;

import org.jspecify.annotations.NullMarked;
