package tributary.streams;

/** What a model can be asked for: text in two ways, and vectors. */
enum Endpoint {
  COMPLETIONS("cmpl-"),
  CHAT("chatcmpl-"),
  EMBEDDINGS("embd-");

  private final String idPrefix;

  Endpoint(String idPrefix) {
    this.idPrefix = idPrefix;
  }

  String idPrefix() {
    return idPrefix;
  }
}
