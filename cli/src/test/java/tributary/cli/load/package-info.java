@NullUnmarked
package tributary.cli.load;

import org.jspecify.annotations.NullUnmarked;
