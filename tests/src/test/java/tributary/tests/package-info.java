/** Tests that cross rooms: real servers, real HTTP, JVMs that are killed. May use everything. */
@NullMarked
package tributary.tests;

import org.jspecify.annotations.NullMarked;
