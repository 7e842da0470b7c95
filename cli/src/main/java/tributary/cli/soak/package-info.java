/**
 * A node under random traffic for long: tenants come and go on budgets that hold few of them, and
 * every answer is compared with what the offline decoder makes of the same file.
 *
 * <p>May use what {@code cli} may use.
 */
@NullMarked
package tributary.cli.soak;

import org.jspecify.annotations.NullMarked;
