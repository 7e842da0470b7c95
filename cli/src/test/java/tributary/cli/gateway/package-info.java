@NullUnmarked
package tributary.cli.gateway;

import org.jspecify.annotations.NullUnmarked;
