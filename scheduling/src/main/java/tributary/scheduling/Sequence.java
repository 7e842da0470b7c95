package tributary.scheduling;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;
import tributary.protocol.Usage;

/** One request in the scheduler: its tokens, its KV pages and how far its reader lets it run. */
final class Sequence {
  private static final int[] NO_PAGES = {};
  private static final int OUTPUT_ROOM_FIRST = 32;

  /** Where a sequence stands; exactly one at a time. */
  enum State {
    /** May run, holds no pages, stands in the queue. */
    WAITING,
    /** May run and holds pages. */
    RUNNING,
    /** Its reader takes no further token; holds pages unless they were needed elsewhere. */
    PARKED,
    /** Forgotten, but for a step that may still be computing it. */
    ENDED
  }

  private final GenerationRequest request;
  private final Tenant tenant;
  private final int lengthMax;

  private int[] tokens;
  private int length;
  private int computed;
  private int[] pages = NO_PAGES;

  private State state = State.WAITING;
  private int credit;
  private Nanos parkedSince = Nanos.ZERO;
  private boolean newcomer = true;
  private long admission;

  private int stepTokens;
  private boolean draws;

  /**
   * @param outputMax output tokens at most: the request's own limit, cut to the context
   */
  Sequence(GenerationRequest request, Tenant tenant, int outputMax) {
    this.request = request;
    this.tenant = tenant;
    length = request.prompt().count();
    lengthMax = length + outputMax;
    tokens = new int[length + Math.min(outputMax, OUTPUT_ROOM_FIRST)];
    for (int i = 0; i < length; i++) {
      tokens[i] = request.prompt().id(i);
    }
  }

  GenerationRequest request() {
    return request;
  }

  RequestId id() {
    return request.id();
  }

  Tenant tenant() {
    return tenant;
  }

  // Tokens.

  int known() {
    return length;
  }

  int missing() {
    return length - computed;
  }

  int outputs() {
    return length - request.prompt().count();
  }

  Usage usage() {
    return new Usage(request.prompt().count(), outputs());
  }

  /** Takes a drawn token; says whether and why it was the last. */
  @Nullable FinishReason append(int token) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.min(lengthMax, length + length / 2 + OUTPUT_ROOM_FIRST));
    }
    tokens[length++] = token;
    if (outputs() > request.stop().minTokens() && request.stop().stopTokens().contains(token)) {
      return FinishReason.STOP;
    }
    return length == lengthMax ? FinishReason.LENGTH : null;
  }

  // Pages.

  int[] pages() {
    return pages;
  }

  void hold(int[] table) {
    pages = table;
  }

  /** Gives up all KV, so that every token is missing again; the pages are the caller's now. */
  int[] surrenderPages() {
    int[] table = pages;
    pages = NO_PAGES;
    computed = 0;
    return table;
  }

  // The step that is being computed.

  StepPlan.Slice enterStep(int count) {
    stepTokens = count;
    draws = count == missing();
    return new StepPlan.Slice(request, tokens, length, computed, count, pages, draws);
  }

  boolean isInStep() {
    return stepTokens > 0;
  }

  /** True from the end of a step that reached the last known token until its draw is taken. */
  boolean owesToken() {
    return draws && stepTokens == 0;
  }

  void leaveStep() {
    computed += stepTokens;
    stepTokens = 0;
  }

  void settleDraw() {
    draws = false;
  }

  // Standing.

  State state() {
    return state;
  }

  void become(State next) {
    state = next;
  }

  void park(Nanos now) {
    state = State.PARKED;
    parkedSince = now;
  }

  Nanos parkedSince() {
    return parkedSince;
  }

  boolean hasCredit() {
    return outputs() < credit;
  }

  /** Credit only grows: a late message about less is old news. */
  void raiseCredit(int tokensReadable) {
    credit = Math.max(credit, tokensReadable);
  }

  /** True until it is first admitted. */
  boolean isNewcomer() {
    return newcomer;
  }

  /** Rank among running sequences: a later admission yields to an earlier one. */
  long admission() {
    return admission;
  }

  void admit(long rank) {
    admission = rank;
    newcomer = false;
    state = State.RUNNING;
  }
}
