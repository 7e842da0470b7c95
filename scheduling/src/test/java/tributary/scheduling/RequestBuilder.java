package tributary.scheduling;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tributary.protocol.DeltaId;
import tributary.protocol.GenerationRequest;
import tributary.protocol.RequestId;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.Tokens;

/** Builds requests of which a test states only what matters to it. */
public final class RequestBuilder {
  private final String id;
  private String model = "tenant";
  private Tokens prompt = Tokens.of(1, 2, 3, 4);
  private int maxTokens = 4;
  private int minTokens;
  private Set<Integer> stopTokens = Set.of();

  private RequestBuilder(String id) {
    this.id = id;
  }

  public static RequestBuilder request(String id) {
    return new RequestBuilder(id);
  }

  public RequestBuilder model(String name) {
    model = name;
    return this;
  }

  /** A prompt of so many tokens. */
  public RequestBuilder prompt(int tokens) {
    prompt = Tokens.of(IntStream.range(0, tokens).map(i -> i % 97).toArray());
    return this;
  }

  public RequestBuilder maxTokens(int tokens) {
    maxTokens = tokens;
    return this;
  }

  public RequestBuilder minTokens(int tokens) {
    minTokens = tokens;
    return this;
  }

  public RequestBuilder stopTokens(int... tokens) {
    stopTokens = Arrays.stream(tokens).boxed().collect(Collectors.toUnmodifiableSet());
    return this;
  }

  public GenerationRequest build() {
    return new GenerationRequest(
        new RequestId(id),
        new DeltaId(model),
        prompt,
        Sampling.GREEDY,
        new StopRule(maxTokens, minTokens, stopTokens));
  }
}
