package tributary.streams.tenancy;

import java.util.Optional;
import java.util.Set;
import tributary.config.ServerConfig.Security.Scope;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * Who asks.
 *
 * @param id of the key, as logs and the ledger call it
 * @param models that it may use; absent: all
 */
public record Caller(String id, Set<Scope> scopes, Optional<Set<DeltaId>> models) {
  /** Whoever reaches a server that has no keys. */
  public static final Caller ANYBODY =
      new Caller("-", Set.of(Scope.USE, Scope.ADMIN), Optional.empty());

  /** Whoever brings no key to a server that has some. */
  public static final Caller NOBODY = new Caller("", Set.of(), Optional.empty());

  public Caller {
    scopes = Set.copyOf(scopes);
    models = models.map(Set::copyOf);
  }

  public boolean mayUse(DeltaId model) {
    return models.isEmpty() || models.get().contains(model);
  }

  /** Throws where there is no key. */
  public void requireKey() {
    if (equals(NOBODY)) {
      throw new TributaryException(ErrorCode.INVALID_API_KEY, "there is no API key");
    }
  }

  /** Throws where the key is not for this. */
  public void require(Scope scope) {
    if (!scopes.contains(scope)) {
      throw new TributaryException(
          ErrorCode.PERMISSION_DENIED,
          switch (scope) {
            case USE -> "this key may not ask models; use one with the scope use";
            case ADMIN -> "this key may not do that; use one with the scope admin";
          });
    }
  }
}
