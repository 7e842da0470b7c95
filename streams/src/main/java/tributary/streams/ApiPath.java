package tributary.streams;

import akka.http.javadsl.model.HttpMethod;
import akka.http.javadsl.model.HttpMethods;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What can be asked of the front end besides the console's own files, and by whom. */
enum ApiPath {
  LIVE(HttpMethods.GET, "/health/live", Access.ANYBODY),
  READY(HttpMethods.GET, "/health/ready", Access.ANYBODY),
  COMPLETIONS(HttpMethods.POST, "/v1/completions", Access.USE),
  CHAT_COMPLETIONS(HttpMethods.POST, "/v1/chat/completions", Access.USE),
  EMBEDDINGS(HttpMethods.POST, "/v1/embeddings", Access.USE),
  TOKENIZE(HttpMethods.POST, "/tokenize", Access.USE),
  DETOKENIZE(HttpMethods.POST, "/detokenize", Access.USE),
  MODELS(HttpMethods.GET, "/v1/models", Access.ANY_KEY),
  MODEL(HttpMethods.GET, "/v1/models/{name}", Access.ANY_KEY),
  VERSION(HttpMethods.GET, "/version", Access.ANY_KEY),
  METRICS(HttpMethods.GET, "/metrics", Access.ADMIN),
  USAGE(HttpMethods.GET, "/admin/usage", Access.ADMIN),
  AUDIT(HttpMethods.GET, "/admin/audit", Access.ADMIN),
  KEYS(HttpMethods.GET, "/admin/keys", Access.ADMIN),
  ISSUE_KEY(HttpMethods.POST, "/admin/keys", Access.ADMIN),
  REVOKE_KEY(HttpMethods.DELETE, "/admin/keys/{name}", Access.ADMIN),
  VARIANTS(HttpMethods.GET, "/admin/models", Access.ADMIN),
  VARIANT(HttpMethods.GET, "/admin/models/{name}", Access.ADMIN),
  REGISTER(HttpMethods.PUT, "/admin/models/{name}", Access.ADMIN),
  AGREE(HttpMethods.PATCH, "/admin/models/{name}", Access.ADMIN),
  REMOVE(HttpMethods.DELETE, "/admin/models/{name}", Access.ADMIN),
  ROLL_BACK(HttpMethods.POST, "/admin/models/{name}/rollback", Access.ADMIN),
  DRAIN(HttpMethods.POST, "/admin/models/{name}/drain", Access.ADMIN),
  LOAD_ADAPTER(HttpMethods.POST, "/v1/load_lora_adapter", Access.ADMIN),
  UNLOAD_ADAPTER(HttpMethods.POST, "/v1/unload_lora_adapter", Access.ADMIN);

  /** Who may ask. */
  enum Access {
    /** Also without a key. */
    ANYBODY,
    /** Whoever has a key. */
    ANY_KEY,
    /** A key of the scope {@code use}. */
    USE,
    /** A key of the scope {@code admin}. */
    ADMIN
  }

  private static final String NAME = "{name}";

  private final HttpMethod method;
  private final String template;
  private final List<String> segments;
  private final Access access;

  ApiPath(HttpMethod method, String template, Access access) {
    this.method = method;
    this.template = template;
    this.segments = Arrays.asList(template.substring(1).split("/", -1));
    this.access = access;
  }

  HttpMethod method() {
    return method;
  }

  Access access() {
    return access;
  }

  /** The path of something of that name; paths without a name are all alike. */
  String of(String name) {
    return template.replace(NAME, name);
  }

  /** The name in a path of this kind, or an empty text where there is none; nothing for others. */
  Optional<String> match(List<String> path) {
    if (path.size() != segments.size()) {
      return Optional.empty();
    }
    String name = "";
    for (int i = 0; i < segments.size(); i++) {
      if (segments.get(i).equals(NAME)) {
        name = path.get(i);
      } else if (!segments.get(i).equals(path.get(i))) {
        return Optional.empty();
      }
    }
    return Optional.of(name);
  }
}
