package tributary.streams;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.settings.ServerSettings;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.time.Duration;
import java.util.Map;
import tributary.config.ServerConfig;

/**
 * Akka HTTP's settings for this server: system properties, over what the server's settings imply,
 * over {@code tributary-http.conf}, over the actor system's settings. Laid here and not in a
 * reference.conf, because the order of several of those is undefined.
 */
final class HttpSettings {
  /** A connection that waits for an answer must outlive the answer's deadline. */
  private static final Duration BEYOND_DEADLINE = Duration.ofSeconds(60);

  private HttpSettings() {}

  static ServerSettings of(ActorSystem<?> system, ServerConfig.Http http) {
    return ServerSettings.create(layered(system.settings().config(), http));
  }

  static Config layered(Config system, ServerConfig.Http http) {
    var options = ConfigParseOptions.defaults().setAllowMissing(false);
    var ours =
        ConfigFactory.parseResources(
            HttpSettings.class.getClassLoader(), "tributary-http.conf", options);
    return ConfigFactory.defaultOverrides()
        .withFallback(implied(http))
        .withFallback(ours)
        .withFallback(system)
        .resolve();
  }

  private static Config implied(ServerConfig.Http http) {
    return ConfigFactory.parseMap(
        Map.of(
            "akka.http.server.max-connections",
            http.connectionsMax(),
            "akka.http.server.idle-timeout",
            http.requestDeadline().plus(BEYOND_DEADLINE).toMillis() + "ms",
            "akka.http.server.parsing.max-content-length",
            http.bodyMax().count(),
            "akka.http.server.socket-options.so-send-buffer-size",
            http.sendBufferBytes(),
            "akka.http.server.enable-http2",
            http.http2()),
        "the server's http settings");
  }
}
