/**
 * Processes that are killed while they write, and what they must leave: everything that was
 * acknowledged, nothing that is half there.
 */
@NullMarked
package tributary.tests.crash;

import org.jspecify.annotations.NullMarked;
