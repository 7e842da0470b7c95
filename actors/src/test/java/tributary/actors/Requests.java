package tributary.actors;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import tributary.protocol.DeltaId;
import tributary.protocol.GenerationRequest;
import tributary.protocol.RequestId;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.Tokens;

/** Builds requests of which a test states only what matters. */
record Requests(DeltaId model, Tokens prompt, int maxTokens, Sampling sampling) {
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  static Requests to(String model) {
    return new Requests(new DeltaId(model), Tokens.of(1, 2, 3), 8, Sampling.GREEDY);
  }

  Requests prompt(int... ids) {
    return new Requests(model, Tokens.of(ids), maxTokens, sampling);
  }

  Requests tokens(int maxTokens) {
    return new Requests(model, prompt, maxTokens, sampling);
  }

  Requests logprobs() {
    return new Requests(
        model, prompt, maxTokens, new Sampling(0, 0, 1, 0, 0, 1, 0, 0, Map.of(), 1));
  }

  Requests bias(int token) {
    return new Requests(
        model, prompt, maxTokens, new Sampling(0, 0, 1, 0, 0, 1, 0, 0, Map.of(token, 1.0), -1));
  }

  GenerationRequest build() {
    return new GenerationRequest(
        new RequestId("request-" + NUMBERS.incrementAndGet()),
        model,
        prompt,
        sampling,
        new StopRule(maxTokens, 0, Set.of()));
  }
}
