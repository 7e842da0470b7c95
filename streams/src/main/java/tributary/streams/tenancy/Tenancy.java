package tributary.streams.tenancy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import tributary.config.ServerConfig;
import tributary.config.ServerConfig.Security;
import tributary.config.ServerConfig.Security.Scope;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** The keys of a server with their quotas, and its ledger. Thread-safe. */
public final class Tenancy implements AutoCloseable {
  private static final int KEY_BYTES = 32;
  private static final String KEY_PREFIX = "tr-";
  private static final SecureRandom RANDOM = new SecureRandom();

  /** What a key is to be. */
  public record KeyTerms(
      String id, Set<Scope> scopes, Optional<Set<DeltaId>> models, Security.Quota quota) {}

  /** A key, which can be read here only. */
  public record NewKey(String key, IssuedKey issued) {}

  private final @Nullable KeyRing keys;
  private final ConcurrentMap<String, KeyQuota> quotas;
  private final Ledger ledger;
  private final InstantSource clock;

  private Tenancy(
      @Nullable KeyRing keys, Map<String, KeyQuota> quotas, Ledger ledger, InstantSource clock) {
    this.keys = keys;
    this.quotas = new ConcurrentHashMap<>(quotas);
    this.ledger = ledger;
    this.clock = clock;
  }

  /** Everybody may ask for everything, and nothing is written down. */
  public static Tenancy none() {
    return new Tenancy(null, Map.of(), Ledger.NONE, InstantSource.system());
  }

  /**
   * Opens the ledger and reads from it what keys have used today. Blocks.
   *
   * @throws TributaryException {@code config}, when there are no keys and the address can be
   *     reached from elsewhere, or when the ledger cannot be opened
   */
  public static Tenancy open(ServerConfig config, InstantSource clock) {
    return open(config.security(), config.http().host(), clock);
  }

  /**
   * The same for a part of the settings.
   *
   * @param host address that the front end will listen on
   */
  public static Tenancy open(Security security, String host, InstantSource clock) {
    if (security.keys().isEmpty()) {
      requireLoopback(host);
    }
    Ledger ledger =
        security.ledger().url().isEmpty() ? Ledger.NONE : JdbcLedger.open(security.ledger());
    try {
      List<IssuedKey> issued =
          security.keys().isEmpty() ? List.of() : ledger.keys().toCompletableFuture().join();
      var quotas = new HashMap<String, KeyQuota>();
      security.keys().forEach(key -> quotas.put(key.id(), new KeyQuota(key.quota())));
      issued.forEach(key -> quotas.putIfAbsent(key.key().id(), new KeyQuota(key.key().quota())));
      Instant now = clock.instant();
      for (UsageSum sum : ledger.sums(KeyQuota.startOfDay(now)).toCompletableFuture().join()) {
        KeyQuota quota = quotas.get(sum.key());
        if (quota != null) {
          quota.usedToday(sum.promptTokens() + sum.completionTokens(), now);
        }
      }
      KeyRing keys = security.keys().isEmpty() ? null : new KeyRing(security.keys());
      if (keys != null) {
        keys.issued(issued);
      }
      return new Tenancy(keys, quotas, ledger, clock);
    } catch (RuntimeException | Error e) {
      ledger.close();
      throw e;
    }
  }

  public Ledger ledger() {
    return ledger;
  }

  /**
   * Who asks; throws {@code invalid_api_key} where that is nobody.
   *
   * @param authorization the header's value, null where there is none
   */
  public Caller caller(@Nullable String authorization) {
    return keys == null ? Caller.ANYBODY : keys.caller(authorization);
  }

  /**
   * Makes a key, which the answer alone holds; it counts at once here, and soon on other nodes of
   * the same ledger.
   */
  public CompletionStage<NewKey> issue(KeyTerms terms) {
    KeyRing ring = ring();
    byte[] secret = new byte[KEY_BYTES];
    RANDOM.nextBytes(secret);
    String key = KEY_PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
    String hash = HexFormat.of().formatHex(KeyRing.hash(key));
    var issued =
        new IssuedKey(
            new Security.Key(terms.id(), hash, terms.scopes(), terms.models(), terms.quota()),
            clock.instant());
    CompletionStage<Boolean> written =
        ring.isConfigured(terms.id())
            ? CompletableFuture.completedFuture(false)
            : ledger.issue(issued);
    return written.thenCompose(isNew -> {
      if (!isNew) {
        throw new TributaryException(
            ErrorCode.INVALID_PARAMETER,
            "there is, or was, a key %s; choose another id".formatted(terms.id()),
            "id");
      }
      return refreshKeys().thenApply(_ -> new NewKey(key, issued));
    });
  }

  /** Ends a key: from now on it is nobody's. */
  public CompletionStage<Boolean> revoke(String id) {
    if (ring().isConfigured(id)) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "key %s stands in the configuration; take it out of tributary.security.keys"
              .formatted(id),
          "id");
    }
    return ledger.revoke(id, clock.instant()).thenCompose(was -> refreshKeys().thenApply(_ -> was));
  }

  /** Takes over what other nodes issued and revoked. */
  public CompletionStage<List<IssuedKey>> refreshKeys() {
    return ledger
        .keys()
        .thenApply(issued -> {
          issued.forEach(
              key -> quotas.computeIfAbsent(key.key().id(), _ -> new KeyQuota(key.key().quota())));
          if (keys != null) {
            keys.issued(issued);
          }
          return issued;
        });
  }

  /** Whether there are keys, which others of the same ledger may change. */
  public boolean isKeyed() {
    return keys != null;
  }

  private KeyRing ring() {
    if (keys == null || ledger.equals(Ledger.NONE)) {
      throw new TributaryException(
          ErrorCode.UNSUPPORTED_PARAMETER,
          "this server has no keys or no ledger, so it cannot issue any; set"
              + " tributary.security.keys with one of the scope admin first");
    }
    return keys;
  }

  /** Counts a request; throws where the key sent too many. */
  public void request(Caller caller) {
    KeyQuota quota = quotas.get(caller.id());
    if (quota != null) {
      quota.request(clock.instant());
    }
  }

  /** Sets aside what an answer may need; throws where the key has not so much left. */
  public Account reserve(Caller caller, long tokensMax) {
    KeyQuota quota = quotas.get(caller.id());
    return new Account(
        caller, quota == null ? null : quota.reserve(tokensMax, clock.instant()), ledger, clock);
  }

  /** Writes what waits for the ledger, then closes it. */
  @Override
  public void close() {
    ledger.close();
  }

  private static void requireLoopback(String host) {
    try {
      if (InetAddress.getByName(host).isLoopbackAddress()) {
        return;
      }
    } catch (UnknownHostException e) {
      return; // Binding will say what is wrong with it.
    }
    throw new TributaryException(
        ErrorCode.CONFIG,
        ("tributary.http.host is %s and there are no API keys: whoever reaches it could use it; "
                + "set tributary.security.keys, or listen on 127.0.0.1")
            .formatted(host),
        "tributary.http.host");
  }
}
