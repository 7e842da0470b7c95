package tributary.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tributary.config.Loaded;
import tributary.config.ServerConfig;

/** What the command line may set over a server's configuration file. */
final class ServerOptions {
  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "Address to listen on, over tributary.http.host.")
  private @Nullable String host;

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "Port to listen on, over tributary.http.port; 0 takes any free one.")
  private @Nullable String port;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Set any key, such as tributary.device.threads=4; repeatable.")
  private Map<String, String> values = new LinkedHashMap<>();

  Loaded read(Path file) {
    Map<String, String> overrides = new LinkedHashMap<>(values);
    if (host != null) {
      overrides.put("tributary.http.host", host);
    }
    if (port != null) {
      overrides.put("tributary.http.port", port);
    }
    Loaded loaded = ServerConfig.load(file);
    return overrides.isEmpty() ? loaded : loaded.withOverrides(overrides);
  }
}
