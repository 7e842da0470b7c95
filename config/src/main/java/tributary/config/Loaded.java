package tributary.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Supplier;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Settings that were read and checked, and everything else that stood beside them. */
public final class Loaded {
  private static final String ROOT = "tributary";

  /** Environment variables that set something, and what. */
  private static final Map<String, String> ENVIRONMENT =
      Map.ofEntries(
          Map.entry("TRIBUTARY_LEDGER_URL", "tributary.security.ledger.url"),
          Map.entry("TRIBUTARY_LEDGER_USER", "tributary.security.ledger.user"),
          Map.entry("TRIBUTARY_LEDGER_PASSWORD", "tributary.security.ledger.password"),
          Map.entry("TRIBUTARY_HTTP_HOST", "tributary.http.host"),
          Map.entry("TRIBUTARY_HTTP_PORT", "tributary.http.port"),
          Map.entry("TRIBUTARY_CLUSTER_ROLE", "tributary.cluster.role"),
          Map.entry("TRIBUTARY_CLUSTER_HOST", "tributary.cluster.host"),
          Map.entry("TRIBUTARY_CLUSTER_PORT", "tributary.cluster.port"),
          Map.entry("TRIBUTARY_CLUSTER_SEED_NODES", "tributary.cluster.seed-nodes"),
          Map.entry("TRIBUTARY_CLUSTER_SERVICE", "tributary.cluster.bootstrap.service"),
          Map.entry(
              "TRIBUTARY_CLUSTER_CONTACT_POINTS", "tributary.cluster.bootstrap.contact-points"));

  private final ServerConfig server;
  private final Config raw;
  private final Config unresolved;
  private final Path directory;

  private Loaded(ServerConfig server, Config raw, Config unresolved, Path directory) {
    this.server = server;
    this.raw = raw;
    this.unresolved = unresolved;
    this.directory = directory;
  }

  public ServerConfig server() {
    return server;
  }

  /** The whole configuration, merged and resolved: for the actor system and other libraries. */
  public Config raw() {
    return raw;
  }

  /**
   * The same with some values replaced, and checked again. Keys are full paths such as {@code
   * tributary.http.port}.
   */
  public Loaded withOverrides(Map<String, String> values) {
    return told(() ->
        resolve(
            ConfigFactory.parseMap(values, "command line").withFallback(unresolved), directory));
  }

  /**
   * @param environment the process's variables
   */
  static Loaded read(Path file, Map<String, String> environment) {
    if (!Files.isRegularFile(file)) {
      throw new TributaryException(
          ErrorCode.FILE_NOT_FOUND,
          "there is no configuration file %s; write one, or name another".formatted(file));
    }
    Path absolute = file.toAbsolutePath().normalize();
    var options = ConfigParseOptions.defaults().setAllowMissing(false);
    return told(() ->
        resolve(
            layered(ConfigFactory.parseFile(absolute.toFile(), options), environment),
            absolute.resolveSibling("")));
  }

  static Loaded read(String text, Map<String, String> environment) {
    var options = ConfigParseOptions.defaults().setOriginDescription("configuration text");
    return told(() ->
        resolve(
            layered(ConfigFactory.parseString(text, options), environment),
            Path.of("").toAbsolutePath()));
  }

  private static Config layered(Config own, Map<String, String> environment) {
    Config layers = own;
    for (var variable : ENVIRONMENT.entrySet()) {
      String value = environment.get(variable.getKey());
      if (value != null) {
        var given = Map.of(variable.getValue(), value);
        layers = ConfigFactory.parseMap(given, variable.getKey()).withFallback(layers);
      }
    }
    return layers.withFallback(
        ConfigFactory.defaultReferenceUnresolved(Loaded.class.getClassLoader()));
  }

  private static Loaded resolve(Config unresolved, Path directory) {
    // Java system properties set the libraries, as everywhere with HOCON, but not the server.
    Config resolved =
        ConfigFactory.defaultOverrides().withoutPath(ROOT).withFallback(unresolved).resolve();
    return new Loaded(SettingsReader.read(resolved, directory), resolved, unresolved, directory);
  }

  /** Text that is no HOCON, or refers to what is not there, is the owner's to mend. */
  private static Loaded told(Supplier<Loaded> reading) {
    try {
      return reading.get();
    } catch (ConfigException.IO e) {
      throw new TributaryException(ErrorCode.FILE_UNREADABLE, String.valueOf(e.getMessage()), e);
    } catch (ConfigException e) {
      throw new TributaryException(ErrorCode.CONFIG, String.valueOf(e.getMessage()), e);
    }
  }
}
