package tributary.streams.tenancy;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tributary.config.ServerConfig.Security;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** The keys of a server, of which it knows the hashes. Thread-safe. */
final class KeyRing {
  private static final String SCHEME = "Bearer ";

  private record Known(byte[] hash, Caller caller) {}

  private final List<Known> configured;
  private volatile List<Known> keys;

  KeyRing(List<Security.Key> configured) {
    this.configured = configured.stream().map(KeyRing::known).toList();
    this.keys = this.configured;
  }

  /** From now on there are these beside those of the configuration. */
  void issued(List<IssuedKey> issued) {
    keys =
        Stream.concat(configured.stream(), issued.stream().map(key -> known(key.key()))).toList();
  }

  boolean isConfigured(String id) {
    return configured.stream().anyMatch(key -> key.caller.id().equals(id));
  }

  private static Known known(Security.Key key) {
    return new Known(
        HexFormat.of().parseHex(key.hash()), new Caller(key.id(), key.scopes(), key.models()));
  }

  /**
   * Whose key the header brings.
   *
   * @param authorization the header's value, null where there is none
   */
  Caller caller(@Nullable String authorization) {
    if (authorization == null) {
      throw refused("there is no API key; send it as Authorization: Bearer KEY");
    }
    if (!authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      throw refused("the authorization is not of the kind Bearer; send Authorization: Bearer KEY");
    }
    byte[] hash = hash(authorization.substring(SCHEME.length()).strip());
    Caller found = null;
    // All keys are compared, each in the same time, so that time tells nothing.
    for (Known key : keys) {
      if (MessageDigest.isEqual(key.hash, hash)) {
        found = key.caller;
      }
    }
    if (found == null) {
      throw refused("the API key is not one of this server's");
    }
    return found;
  }

  static byte[] hash(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }

  private static TributaryException refused(String message) {
    return new TributaryException(ErrorCode.INVALID_API_KEY, message);
  }
}
