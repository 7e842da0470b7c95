/**
 * The walls between rooms, as rules over the compiled classes.
 *
 * <p>May use ArchUnit. Maven keeps the modules apart; these rules keep the packages inside them
 * apart and say why. {@link tributary.tests.architecture.RulesBiteTest} shows that each can fail.
 */
@NullMarked
package tributary.tests.architecture;

import org.jspecify.annotations.NullMarked;
