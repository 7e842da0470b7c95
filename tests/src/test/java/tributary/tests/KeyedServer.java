package tributary.tests;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Configurations of the demo's base and a tenant behind keys. */
final class KeyedServer {
  static final String USER = "user-key-0123456789abcdef0123456789";
  static final String ADMIN = "admin-key-0123456789abcdef0123456789";

  private KeyedServer() {}

  /** Writes a configuration; the ledger lies beside it. */
  static Path config(Path directory) throws IOException {
    String text =
        """
        tributary {
          base { name = base, path = "%s" }
          models = [ { name = sgd_chat, delta = "%s", chat-template = "%s" } ]
          security.keys = [
            { id = user, hash = "%s" }
            { id = admin, hash = "%s", scopes = [use, admin] }
          ]
        }
        """
            .formatted(
                Repository.demo("base"),
                Repository.delta("sgd_chat"),
                Repository.demo("templates", "sgd_chat.jinja"),
                hash(USER),
                hash(ADMIN));
    return Files.writeString(directory.resolve("server.conf"), text);
  }

  /** The address of the ledger that belongs to the configuration in a directory. */
  static String ledger(Path directory) {
    return "jdbc:h2:file:" + directory.resolve("tributary-data").resolve("ledger");
  }

  private static String hash(String key) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
