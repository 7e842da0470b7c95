/**
 * The {@code tributary} command: one class per command, wiring only.
 *
 * <p>May use every room but {@code tests}. The only room that may end the process.
 */
@NullMarked
package tributary.cli;

import org.jspecify.annotations.NullMarked;
