package tributary.scheduling;

import java.util.Optional;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;

/** Which arrivals are let in, and how long their output may become. */
final class Entrance {
  private final SchedulerLimits limits;
  private boolean closed;

  Entrance(SchedulerLimits limits) {
    this.limits = limits;
  }

  void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }

  /**
   * Says why an arrival is not let in, if it is not.
   *
   * @param outside sequences that hold no pages now
   * @param inside sequences that hold pages now
   */
  Optional<Refusal> refusal(GenerationRequest request, int outside, int inside, Nanos retryAfter) {
    if (closed) {
      return Optional.of(
          Refusal.of(
              ErrorCode.SHUTTING_DOWN,
              "this device finishes what it has begun and takes nothing new; ask another node"));
    }
    int prompt = request.prompt().count();
    if (prompt >= limits.contextLength()) {
      return Optional.of(
          tooLong(
              "the prompt has %d tokens; the context of %d must also hold one token of output;"
                      .formatted(prompt, limits.contextLength())
                  + " shorten the prompt"));
    }
    if (prompt > limits.kvPositions()) {
      return Optional.of(
          tooLong(
              "the prompt has %d tokens; this device's KV memory holds %d; shorten the prompt"
                      .formatted(prompt, limits.kvPositions())
                  + " or raise tributary.device.kv-memory"));
    }
    if (outside >= limits.waitingMax()) {
      String message =
          "the device is full: %d sequences wait (at most %d), %d run; try again later"
              .formatted(outside, limits.waitingMax(), inside);
      return Optional.of(new Refusal(ErrorCode.QUEUE_FULL, message, null, retryAfter));
    }
    return Optional.empty();
  }

  /** Says why a tenant's own terms keep an arrival out, if they do. */
  static Optional<Refusal> refusal(Tenant tenant, Nanos retryAfter, Nanos now) {
    TenantTerms terms = tenant.terms();
    if (tenant.outside() >= terms.waitingMax()) {
      String message =
          "model %s has %d sequences that wait (at most %d); try again later"
              .formatted(tenant.id(), tenant.outside(), terms.waitingMax());
      return Optional.of(new Refusal(ErrorCode.QUEUE_FULL, message, null, retryAfter));
    }
    Nanos pause = tenant.rate().wait(terms, now);
    if (pause.count() > 0) {
      String message =
          "model %s has used its %d tokens per second; try again later"
              .formatted(tenant.id(), terms.tokensPerSecond());
      return Optional.of(new Refusal(ErrorCode.RATE_LIMIT_EXCEEDED, message, null, pause));
    }
    return Optional.empty();
  }

  /**
   * Output tokens that a request gets at most: its own limit, cut to the context and to the whole
   * KV pool. The last token needs no position: nothing is computed from it.
   */
  int outputMax(GenerationRequest request) {
    int prompt = request.prompt().count();
    long room = Math.min(limits.contextLength(), limits.kvPositions() + 1) - prompt;
    return (int) Math.min(request.stop().maxTokens(), room);
  }

  private static Refusal tooLong(String message) {
    return new Refusal(ErrorCode.CONTEXT_LENGTH_EXCEEDED, message, "prompt", null);
  }
}
