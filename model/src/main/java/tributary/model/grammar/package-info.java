/**
 * Output that keeps to a form whatever the model says: JSON schemas, regular expressions and tool
 * calls become automata over bytes, and an automaton's state becomes the set of tokens that may
 * come next.
 *
 * <p>Uses {@code protocol} and Jackson's tree. Pure: no files, clocks or threads. Knows tokens as
 * runs of bytes only.
 */
@NullMarked
package tributary.model.grammar;

import org.jspecify.annotations.NullMarked;
