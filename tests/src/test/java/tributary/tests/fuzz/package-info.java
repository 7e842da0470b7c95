/** Readers of files and requests, fed with bytes that nobody meant to send. */
@NullMarked
package tributary.tests.fuzz;

import org.jspecify.annotations.NullMarked;
