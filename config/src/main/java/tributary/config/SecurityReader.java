package tributary.config;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import tributary.protocol.DeltaId;

/** Reads who may ask for what. */
final class SecurityReader {
  private static final int REQUESTS_MAX = 1_000_000_000;
  private static final int TOKENS_MAX = 2_000_000_000;
  private static final String EMBEDDED_DIRECTORY = "tributary-data";

  private SecurityReader() {}

  static ServerConfig.Security read(Section security, Path directory) {
    List<Section> sections = security.sections("keys");
    List<ServerConfig.Security.Key> keys = sections.stream().map(SecurityReader::key).toList();
    Set<String> ids = new HashSet<>();
    Set<String> hashes = new HashSet<>();
    for (int i = 0; i < keys.size(); i++) {
      if (!ids.add(keys.get(i).id())) {
        sections.get(i).problem("id", "another one than every other key has");
      } else if (!hashes.add(keys.get(i).hash())) {
        sections.get(i).problem("hash", "another one than every other key has");
      }
    }
    return new ServerConfig.Security(
        keys, ledger(security.section("ledger"), directory, !keys.isEmpty()));
  }

  private static ServerConfig.Security.Key key(Section key) {
    String id = key.text("id", "a name for logs: letters, digits and . _ -");
    if (key.isSound() && !DeltaId.isLegal(id)) {
      key.problem("id", "a name for logs: letters, digits and . _ -");
    }
    String hash = key.text("hash", "the SHA-256 of the key, 64 hexadecimal digits");
    if (key.isSound() && !hash.matches("[0-9A-Fa-f]{64}")) {
      key.problem("hash", "the SHA-256 of the key, 64 hexadecimal digits");
    }
    return new ServerConfig.Security.Key(
        id,
        hash.toLowerCase(Locale.ROOT),
        scopes(key),
        models(key),
        new ServerConfig.Security.Quota(
            limit(key, "requests-per-minute", REQUESTS_MAX),
            limit(key, "tokens-per-minute", TOKENS_MAX),
            limit(key, "tokens-per-day", TOKENS_MAX)));
  }

  private static int limit(Section key, String name, int max) {
    return key.optional(name, it -> key.whole(it, 0, max)).orElse(0);
  }

  private static Set<ServerConfig.Security.Scope> scopes(Section key) {
    Optional<List<String>> given =
        key.optional(
            "scopes",
            name -> key.texts(name, "use and admin, or one of them", SecurityReader::isScope));
    return given.orElse(List.of("use")).stream()
        .filter(SecurityReader::isScope)
        .map(each -> ServerConfig.Security.Scope.valueOf(each.toUpperCase(Locale.ROOT)))
        .collect(Collectors.toUnmodifiableSet());
  }

  private static boolean isScope(String text) {
    return text.equals("use") || text.equals("admin");
  }

  private static Optional<Set<DeltaId>> models(Section key) {
    return key.optional("models", name -> key.texts(name, "names of models", DeltaId::isLegal))
        .map(names ->
            names.stream()
                .filter(DeltaId::isLegal)
                .map(DeltaId::new)
                .collect(Collectors.toUnmodifiableSet()));
  }

  /** Without a word of the operator, usage is kept only where there is someone to count for. */
  private static ServerConfig.Security.Ledger ledger(
      Section ledger, Path directory, boolean keyed) {
    String url =
        ledger
            .optional("url", name -> ledger.text(name, "a JDBC address of H2 or PostgreSQL"))
            .orElse(keyed ? embedded(directory) : "");
    return new ServerConfig.Security.Ledger(
        url,
        ledger.optional("user", name -> ledger.text(name, "a name")).orElse(""),
        ledger.optional("password", name -> ledger.text(name, "a word")).orElse(""),
        ledger.whole("queue-max", 1, 1_000_000));
  }

  private static String embedded(Path directory) {
    return "jdbc:h2:file:" + directory.resolve(EMBEDDED_DIRECTORY).resolve("ledger");
  }
}
