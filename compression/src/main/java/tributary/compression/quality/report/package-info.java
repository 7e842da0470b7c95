/**
 * What codecs keep of fine-tunes, as tables and plots for people.
 *
 * <p>May use {@code protocol} with its plots, and Jackson. Measures nothing; its records are
 * written as JSON by their annotations.
 */
@NullMarked
package tributary.compression.quality.report;

import org.jspecify.annotations.NullMarked;
