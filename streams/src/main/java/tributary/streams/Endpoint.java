package tributary.streams;

/** The two ways to ask for text. */
enum Endpoint {
  COMPLETIONS("cmpl-"),
  CHAT("chatcmpl-");

  private final String idPrefix;

  Endpoint(String idPrefix) {
    this.idPrefix = idPrefix;
  }

  String idPrefix() {
    return idPrefix;
  }
}
