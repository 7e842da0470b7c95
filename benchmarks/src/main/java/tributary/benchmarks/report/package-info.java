/**
 * What a comparison found, on which machine, and how it is written down: JSON and Markdown. Every
 * number is measured in the run that writes it.
 *
 * <p>May use {@code engines} and {@code weights} for what was measured, and Jackson.
 */
@NullMarked
package tributary.benchmarks.report;

import org.jspecify.annotations.NullMarked;
