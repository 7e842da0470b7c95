package tributary.scheduling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.PromptNews;
import tributary.protocol.RequestId;
import tributary.protocol.Usage;

/** One request in the scheduler: its tokens, its KV pages and how far its reader lets it run. */
final class Sequence {
  /** The order in which sequences first stood in line. */
  static final Comparator<Sequence> BY_TICKET = Comparator.comparingLong(Sequence::ticket);

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

  private final Arrival arrival;
  private final GenerationRequest request;
  private final Tenant tenant;
  private final int lengthMax;

  private int[] tokens;
  private int length;
  private int computed;

  /** Tokens that were computed at least once, or found computed. */
  private int served;

  /** The position behind the last token of the prompt that the reader was told of. */
  private int told = 1;

  private int[] pages = NO_PAGES;

  /** What of the pages is shared, from the first on. */
  private List<PrefixCache.Block> shared = List.of();

  /** What the KV was computed with, as long as it may be shared. */
  private PrefixCache.@Nullable Weights weights;

  private State state = State.WAITING;
  private int credit;
  private Nanos parkedSince = Nanos.ZERO;
  private long ticket;
  private Nanos waitsSince = Nanos.ZERO;
  private boolean granted;
  private long admission;

  private int stepTokens;
  private boolean draws;
  private boolean spare;

  /**
   * @param outputMax output tokens at most: the request's own limit, cut to the context
   */
  Sequence(Arrival arrival, Tenant tenant, int outputMax) {
    this.arrival = arrival;
    this.request = arrival.request();
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

  long loading() {
    return arrival.loading();
  }

  int urgency() {
    return arrival.urgency();
  }

  @Nullable Nanos deadline() {
    return arrival.deadline();
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

  /** Tokens that may still be drawn. */
  int outputsLeft() {
    return lengthMax - length;
  }

  int[] tokens() {
    return tokens;
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

  /** Whether KV that others computed serves: what it was computed from is not told again. */
  boolean takesPrefixes() {
    return !request.reading().wantsScores();
  }

  /** What of these scores is new to the reader, who now knows it; a robbed sequence repeats. */
  List<PromptNews.Scores> tell(PromptNews.Scores scores) {
    var news = new ArrayList<PromptNews.Scores>();
    while (told < scores.end()) {
      int end = Math.min(scores.end(), told + PromptNews.Scores.COUNT_MAX);
      var part = scores.tokens().subList(told - scores.first(), end - scores.first());
      news.add(new PromptNews.Scores(told, part));
      told = end;
    }
    return news;
  }

  // Pages.

  int[] pages() {
    return pages;
  }

  boolean hasPlace() {
    return pages.length > 0;
  }

  void hold(int[] table) {
    pages = table;
  }

  /**
   * Begins with KV that is there already, under weights whose KV it may share; null when it may
   * not.
   */
  void begin(PrefixCache.@Nullable Weights with, List<PrefixCache.Block> chain, int pageTokens) {
    weights = with;
    shared = new ArrayList<>(chain);
    computed = chain.size() * pageTokens;
    served = Math.max(served, computed);
  }

  List<PrefixCache.Block> shared() {
    return shared;
  }

  PrefixCache.@Nullable Weights weights() {
    return weights;
  }

  /** From now on no KV of this is shared anew. */
  void stopSharing() {
    weights = null;
  }

  /** Whether the page behind the shared ones is full of computed tokens. */
  boolean hasFullPage(int pageTokens) {
    return computed >= (shared.size() + 1) * pageTokens;
  }

  /** Forgets all KV, so that every token is missing again. */
  void surrenderPages() {
    pages = NO_PAGES;
    shared = List.of();
    weights = null;
    computed = 0;
  }

  // The step that is being computed.

  /** Joins a step that nobody else could fill. */
  StepPlan.Slice enterStepSpare(int count) {
    spare = true;
    return slice(count);
  }

  StepPlan.Slice enterStep(int count) {
    spare = false;
    return slice(count);
  }

  private StepPlan.Slice slice(int count) {
    stepTokens = count;
    draws = count == missing();
    return new StepPlan.Slice(request, tokens, length, computed, count, pages, draws);
  }

  /** Whether the step gives it only what nobody else could use. */
  boolean isSpare() {
    return spare;
  }

  boolean isInStep() {
    return stepTokens > 0;
  }

  /** True from the end of a step that reached the last known token until its draw is taken. */
  boolean owesToken() {
    return draws && stepTokens == 0;
  }

  /** Returns how many tokens the step computed that had never been computed before. */
  int leaveStep() {
    computed += stepTokens;
    stepTokens = 0;
    int gained = Math.max(0, computed - served);
    served += gained;
    return gained;
  }

  void settleDraw() {
    draws = false;
  }

  // Standing.

  State state() {
    return state;
  }

  boolean isParked() {
    return state == State.PARKED;
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

  /** Stands in line; keeps the ticket that it got the first time. */
  void stand(long nextTicket, Nanos now) {
    if (ticket == 0) {
      ticket = nextTicket;
    }
    waitsSince = now;
    state = State.WAITING;
  }

  long ticket() {
    return ticket;
  }

  /** Since when it has stood in line without a break. */
  Nanos waitsSince() {
    return waitsSince;
  }

  /** May keep its place although others outrank it, because it has waited for so long. */
  void grant() {
    granted = true;
  }

  boolean isGranted() {
    return granted;
  }

  /** Rank among running sequences: a later admission yields to an earlier one. */
  long admission() {
    return admission;
  }

  void admit(long rank) {
    admission = rank;
    state = State.RUNNING;
  }
}
