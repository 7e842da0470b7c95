package tributary.simulation.engine;

import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tributary.protocol.DeltaId;
import tributary.protocol.GenerationRequest;
import tributary.protocol.RequestId;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.Tokens;
import tributary.scheduling.SchedulerRules;
import tributary.simulation.workload.Request;

/** Makes what the scheduler takes out of a row of the trace: its lengths, and no text. */
final class RequestMaker {
  /** Prompts up to this length are shared; together they take a few megabytes. */
  private static final int SHARED_MAX = 2048;

  private final DeltaId[] tenants;
  private final boolean alike;
  private final @Nullable Tokens[] prompts = new Tokens[SHARED_MAX + 1];

  /**
   * @param prefixes where prefixes are kept, every prompt is unlike the others, as far as a trace
   *     knows
   */
  RequestMaker(int tenants, SchedulerRules.Prefixes prefixes) {
    this.alike = prefixes == SchedulerRules.Prefixes.FORGOTTEN;
    this.tenants = new DeltaId[tenants];
    for (int i = 0; i < tenants; i++) {
      this.tenants[i] = new DeltaId("tenant-" + i);
    }
  }

  /** The tenants' names, by number; not to be changed. */
  DeltaId[] tenants() {
    return tenants;
  }

  GenerationRequest make(Request request) {
    return new GenerationRequest(
        new RequestId(Long.toString(request.number())),
        tenants[request.tenant()],
        alike ? prompt(request.promptTokens()) : unlike(request),
        Sampling.GREEDY,
        new StopRule(request.outputTokens(), 0, Set.of()));
  }

  private static Tokens unlike(Request request) {
    int[] tokens = new int[request.promptTokens()];
    Arrays.fill(tokens, (int) request.number());
    return Tokens.of(tokens);
  }

  private Tokens prompt(int length) {
    if (length > SHARED_MAX) {
      return Tokens.of(new int[length]);
    }
    Tokens known = prompts[length];
    if (known == null) {
      known = Tokens.of(new int[length]);
      prompts[length] = known;
    }
    return known;
  }
}
