package tributary.actors;

/**
 * Whether a node wants new requests.
 *
 * @param reason in words, for people: what the node is waiting for, or "ready"
 */
public record Readiness(boolean ready, String reason) {
  static final Readiness READY = new Readiness(true, "ready");

  static Readiness notReady(String reason) {
    return new Readiness(false, reason);
  }
}
