package tributary.protocol.openai;

import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/**
 * A wish for a new API key, in the words of the configuration's own.
 *
 * @param id as logs and the ledger will call it
 * @param scopes {@code use}, {@code admin} or both
 * @param models that it may use; absent: all
 * @param requestsPerMinute 0 is no limit; so with the others
 */
public record KeyBody(
    String id,
    Set<String> scopes,
    Optional<Set<DeltaId>> models,
    int requestsPerMinute,
    int tokensPerMinute,
    long tokensPerDay) {
  private static final int MODELS_MAX = 1024;
  private static final int REQUESTS_MAX = 1_000_000_000;
  private static final int TOKENS_MAX = 2_000_000_000;

  public KeyBody {
    scopes = Set.copyOf(scopes);
    models = models.map(Set::copyOf);
  }

  /** Reads a body; every complaint names the field at fault, and one it does not know is wrong. */
  public static KeyBody read(byte[] json) {
    return FieldReader.read(json, fields -> new Reader().read(fields));
  }

  private static final class Reader {
    private @Nullable String id;
    private Set<String> scopes = Set.of("use");
    private @Nullable Set<DeltaId> models;
    private int requestsPerMinute;
    private int tokensPerMinute;
    private int tokensPerDay;

    KeyBody read(FieldReader fields) throws IOException {
      fields.forEachField("body", this::take);
      if (id == null) {
        throw FieldReader.missing("id");
      }
      return new KeyBody(
          id,
          scopes,
          Optional.ofNullable(models),
          requestsPerMinute,
          tokensPerMinute,
          tokensPerDay);
    }

    private void take(String name, FieldReader in) throws IOException {
      switch (name) {
        case "id" -> id = new DeltaId(in.text(name, "a string")).name();
        case "scopes" -> scopes(in);
        case "models" -> models(in);
        case "requests_per_minute" -> requestsPerMinute = in.integer(name, 0, REQUESTS_MAX, 0);
        case "tokens_per_minute" -> tokensPerMinute = in.integer(name, 0, TOKENS_MAX, 0);
        case "tokens_per_day" -> tokensPerDay = in.integer(name, 0, TOKENS_MAX, 0);
        default ->
            throw new TributaryException(
                ErrorCode.INVALID_PARAMETER,
                "a key has no %s; it has id, scopes, models, requests_per_minute,"
                        .formatted(Quoted.of(name))
                    + " tokens_per_minute and tokens_per_day",
                "body");
      }
    }

    private void scopes(FieldReader in) throws IOException {
      var found = new HashSet<String>();
      in.forEachElement("scopes", "an array of use and admin", 2, each -> found.add(scope(each)));
      if (found.isEmpty()) {
        throw new TributaryException(
            ErrorCode.INVALID_PARAMETER, "scopes is empty; name use, admin or both", "scopes");
      }
      scopes = found;
    }

    private static String scope(FieldReader in) throws IOException {
      String scope = in.text("scopes", "an array of use and admin");
      if (!scope.equals("use") && !scope.equals("admin")) {
        throw new TributaryException(
            ErrorCode.INVALID_PARAMETER,
            "scopes holds %s; it may hold use and admin".formatted(Quoted.of(scope)),
            "scopes");
      }
      return scope;
    }

    private void models(FieldReader in) throws IOException {
      if (in.isNull()) {
        return;
      }
      var names = new HashSet<DeltaId>();
      in.forEachElement(
          "models",
          "an array of names",
          MODELS_MAX,
          each -> names.add(new DeltaId(each.text("models", "an array of names"))));
      models = names;
    }
  }
}
