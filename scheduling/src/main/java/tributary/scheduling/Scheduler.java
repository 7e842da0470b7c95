package tributary.scheduling;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.PromptNews;
import tributary.protocol.Refusal;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;

/**
 * Decides what the next device step runs. Owns no clock, thread, file or random source.
 *
 * <p>A sequence is tokens catching up: known tokens (prompt and output) minus computed ones are
 * what it misses, and a step gives it some of them. There is no prefill mode and no decode mode.
 *
 * <p>It is work conserving: a step leaves tokens of its budget unused only if every sequence that
 * holds KV and whose reader takes tokens is in it, but for those that lack a page while the free
 * ones are kept for the others that run, one each; and if the first in the policy's line cannot be
 * let in for lack of a place, of a place for its delta, or of pages for all its tokens. Who has
 * reached a limit of its own tenant does not stand in line. What is free but too little for the
 * first is kept for it, lest the small starve the large.
 *
 * <p>Used by one thread at a time; a plan may be computed on another while this goes on.
 */
public final class Scheduler {
  private static final int DRAWS_AHEAD = 32;

  private final SchedulerLimits limits;
  private final Entrance entrance;
  private final Occupancy occupancy;
  private final Journal journal;
  private final Map<RequestId, Sequence> sequences = new LinkedHashMap<>();
  private final Map<DeltaId, Tenant> tenants = new HashMap<>();
  private List<Sequence> inStep = List.of();
  private long steps;

  /** Serves first come, first served. */
  public Scheduler(SchedulerLimits limits) {
    this(limits, SchedulerRules.FIRST_COME);
  }

  public Scheduler(SchedulerLimits limits, SchedulerRules rules) {
    this(limits, rules, Journal.NONE);
  }

  public Scheduler(SchedulerLimits limits, SchedulerRules rules, Journal journal) {
    this.limits = limits;
    this.journal = journal;
    entrance = new Entrance(limits);
    occupancy = new Occupancy(limits, rules);
  }

  /** What a tenant is entitled to from now on. */
  public void terms(DeltaId delta, TenantTerms terms) {
    tenant(delta).agree(terms);
    journal.note(new SchedulerEvent.Agreed(delta, terms));
  }

  /** The weights of a loading are computed with at this precision from the next plan on. */
  public void width(long loading, int width) {
    occupancy.width(loading, width);
    journal.note(new SchedulerEvent.Width(loading, width));
  }

  /** No sequence will run with a loading any more: what was kept of its KV is forgotten. */
  public void unloaded(DeltaId delta, long loading) {
    occupancy.forget(tenant(delta), loading);
    journal.note(new SchedulerEvent.Unloaded(delta, loading));
  }

  /**
   * The device lost its memory, and every sequence has ended for it: nothing that was kept of their
   * KV may be read any more.
   */
  public void memoryLost() {
    if (!sequences.isEmpty() || !inStep.isEmpty()) {
      throw new IllegalStateException("sequences go on whose KV is lost: " + live());
    }
    occupancy.pool().forgetAll();
  }

  /** Takes a sequence without wishes into the queue; see {@link #arrived(Arrival, Nanos)}. */
  public Optional<Refusal> arrived(GenerationRequest request, int credit, Nanos now) {
    return arrived(Arrival.of(request, credit), now);
  }

  /** Takes a sequence into the queue, or says why not. */
  public Optional<Refusal> arrived(Arrival arrival, Nanos now) {
    Optional<Refusal> refusal = enter(arrival, now);
    journal.note(new SchedulerEvent.Arrived(arrival, refusal.isEmpty(), now));
    return refusal;
  }

  private Optional<Refusal> enter(Arrival arrival, Nanos now) {
    GenerationRequest request = arrival.request();
    if (sequences.containsKey(request.id())) {
      return Optional.of(
          Refusal.of(
              ErrorCode.INVALID_REQUEST,
              "request %s is already here; an id names one sequence".formatted(request.id())));
    }
    int inside = occupancy.holders();
    Nanos retryAfter = occupancy.waiting().retryAfter();
    Tenant tenant = tenant(request.model());
    Optional<Refusal> refusal =
        entrance
            .refusal(request, sequences.size() - inside, inside, retryAfter)
            .or(() -> Entrance.refusal(tenant, retryAfter, now));
    if (refusal.isPresent()) {
      return refusal;
    }
    tenant.joined();
    var sequence = new Sequence(arrival, tenant, entrance.outputMax(request));
    sequences.put(request.id(), sequence);
    sequence.raiseCredit(arrival.credit());
    if (sequence.hasCredit()) {
      occupancy.enter(sequence, now);
    } else {
      sequence.park(now);
    }
    return Optional.empty();
  }

  /**
   * The reader can take tokens with indices below {@code tokens}. A sequence whose reader cannot
   * take another is parked: left out of steps, its KV kept until someone else needs the pages.
   */
  public void credit(RequestId request, int tokens, Nanos now) {
    journal.note(new SchedulerEvent.Credited(request, tokens, now));
    Sequence sequence = sequences.get(request);
    if (sequence == null) {
      return;
    }
    sequence.raiseCredit(tokens);
    if (sequence.state() == Sequence.State.PARKED && sequence.hasCredit()) {
      occupancy.enter(sequence, now);
    }
  }

  /** Forgets a sequence and frees its pages. Unknown ids are ignored: it may have just ended. */
  public void cancelled(RequestId request) {
    journal.note(new SchedulerEvent.Cancelled(request));
    Sequence sequence = sequences.get(request);
    if (sequence != null) {
      end(sequence);
    }
  }

  /** From now on arrivals are refused; sequences that are here go on to their ends. */
  public void refuseArrivals() {
    journal.note(new SchedulerEvent.Closed());
    entrance.close();
  }

  /** Whether arrivals are refused and nothing that came before is left, not even in a step. */
  public boolean drained() {
    return entrance.isClosed() && sequences.isEmpty() && inStep.isEmpty();
  }

  /** Whether a call of {@link #plan} is allowed now and would return a step that is not empty. */
  public boolean hasWork() {
    return inStep.isEmpty() && (!occupancy.running().isEmpty() || !occupancy.waiting().isEmpty());
  }

  /** The next step; must be followed by {@link #completed} before the next call if not empty. */
  public StepPlan plan(Nanos now) {
    StepPlan plan = next(now);
    journal.note(new SchedulerEvent.Planned(plan, now));
    return plan;
  }

  private StepPlan next(Nanos now) {
    if (!inStep.isEmpty()) {
      throw new IllegalStateException("step " + steps + " has not completed yet");
    }
    if (!hasWork()) {
      return new StepPlan(steps, List.of());
    }
    var step = new StepBuilder(limits.tokensPerStep());
    Policy policy = occupancy.policy();
    policy.look(occupancy, now);
    addDecodes(step, now);
    addPrefills(step);
    addAdmissions(step, now);
    // Who yielded to somebody that is in now goes on.
    policy.look(occupancy, now);
    addDecodes(step, now);
    addPrefills(step);
    addSpare(step);
    inStep = step.sequences();
    return step.build(++steps);
  }

  /** Feeds back a plan's result; returns what to tell the readers, in order. */
  public List<TokenEvent> completed(StepResult result, Nanos now) {
    if (inStep.isEmpty() || result.number() != steps) {
      throw new IllegalStateException(
          "result of step %d; awaited is %s"
              .formatted(result.number(), inStep.isEmpty() ? "none" : "that of step " + steps));
    }
    var events = new ArrayList<TokenEvent>(result.drawn().size() + result.failures().size());
    for (StepResult.Failure failure : result.failures()) {
      Sequence sequence = sequences.get(failure.request());
      if (sequence != null && sequence.isInStep()) {
        sequence.stopSharing();
        end(sequence);
        events.add(new TokenEvent.Failed(sequence.id(), failure.refusal()));
      }
    }
    for (Sequence sequence : inStep) {
      serve(sequence, now);
      if (sequence.weights() != null) {
        occupancy.pool().share(sequence, occupancy.weightsOf(sequence));
      }
      if (sequence.state() == Sequence.State.ENDED) {
        bury(sequence);
      }
    }
    for (StepResult.Read read : result.read()) {
      Sequence sequence = sequences.get(read.request());
      if (sequence != null) {
        take(read.news(), sequence, events);
      }
    }
    for (StepResult.Drawn drawn : result.drawn()) {
      Sequence sequence = sequences.get(drawn.request());
      if (sequence != null && sequence.owesToken()) {
        take(drawn, sequence, now, events);
      }
    }
    for (Sequence sequence : inStep) {
      if (sequence.owesToken() && sequence.state() != Sequence.State.ENDED) {
        throw new IllegalStateException(
            "step %d brought neither a token nor a failure for request %s"
                .formatted(steps, sequence.id()));
      }
    }
    inStep = List.of();
    journal.note(new SchedulerEvent.Completed(result, events, now));
    return events;
  }

  /**
   * Ends sequences that have been parked for longer than the limit, and those whose deadlines are
   * over; to be called now and then.
   */
  public List<TokenEvent> expire(Nanos now) {
    var events = new ArrayList<TokenEvent>();
    for (Sequence sequence : List.copyOf(sequences.values())) {
      Optional<Refusal> refusal = overdue(sequence, now);
      if (refusal.isPresent()) {
        end(sequence);
        events.add(new TokenEvent.Failed(sequence.id(), refusal.get()));
      }
    }
    journal.note(new SchedulerEvent.Expired(events, now));
    return events;
  }

  /** The ids of all sequences that have not ended, in the order of their arrival. */
  public List<RequestId> live() {
    return List.copyOf(sequences.keySet());
  }

  /**
   * For each variant the tokens that its sequences wait for: those that are missing now, and of
   * those that they may still draw some, for nobody knows how many will come.
   */
  public Map<DeltaId, Long> queuedTokens() {
    var queued = new HashMap<DeltaId, Long>();
    for (Sequence sequence : sequences.values()) {
      int ahead = Math.min(sequence.outputsLeft(), DRAWS_AHEAD);
      queued.merge(sequence.tenant().id(), (long) sequence.missing() + ahead, Long::sum);
    }
    return queued;
  }

  /** The same of a request that has just come. */
  public static long queuedTokens(GenerationRequest request) {
    return (long) request.prompt().count() + Math.min(request.stop().maxTokens(), DRAWS_AHEAD);
  }

  /** Sequences that need a delta: those that have not ended, and any that the step computes. */
  public int sequencesOf(DeltaId delta) {
    Tenant tenant = tenants.get(delta);
    return tenant == null ? 0 : tenant.sequences();
  }

  /**
   * Gauges: what the scheduler holds right now. Every sequence that has not ended is counted once.
   *
   * @param waiting may run and hold no pages
   * @param running may run and hold pages
   * @param parked whose readers take no further token
   * @param kvPagesUsed pages that are not free
   * @param preemptions how often a sequence has lost its pages so far
   */
  public record Load(int waiting, int running, int parked, int kvPagesUsed, long preemptions) {}

  public Load load() {
    int waiting = occupancy.waiting().size();
    int running = occupancy.running().size();
    return new Load(
        waiting,
        running,
        sequences.size() - waiting - running,
        occupancy.pool().usedCount(),
        occupancy.preemptions());
  }

  /**
   * Tokens that a variant was given so far, prompts and outputs together, each once.
   *
   * @param due that count in its share beside others
   * @param spare that nobody else could use, and that do not count
   */
  public record Service(long due, long spare) {}

  public Service service(DeltaId delta) {
    Tenant tenant = tenants.get(delta);
    return tenant == null ? new Service(0, 0) : tenant.service();
  }

  /**
   * What became of KV pages.
   *
   * @param pagesKept pages that no sequence holds and a later one may read
   * @param tokensFound tokens so far that did not have to be computed
   * @param sequencesHelped sequences so far that found some
   * @param pagesReused how often so far a page was given to a holder that was not its first
   */
  public record Prefixes(int pagesKept, long tokensFound, long sequencesHelped, long pagesReused) {}

  public Prefixes prefixes() {
    KvPool pool = occupancy.pool();
    return new Prefixes(
        pool.keptCount(), pool.prefixTokens(), pool.prefixSequences(), pool.reusedCount());
  }

  /**
   * Running sequences that miss exactly their last token. Growing may rob others, but only behind
   * the one that grows, which are not in the step yet.
   */
  private void addDecodes(StepBuilder step, Nanos now) {
    RunningList running = occupancy.running();
    for (int i = 0; i < running.size() && step.tokensLeft() > 0; i++) {
      Sequence sequence = running.get(i);
      if (sequence.missing() == 1 && mayJoin(sequence) && occupancy.grow(sequence, now)) {
        step.add(sequence);
      }
    }
  }

  /** Running sequences that miss more; they have all their pages since they were admitted. */
  private void addPrefills(StepBuilder step) {
    RunningList running = occupancy.running();
    var prefills = new ArrayList<Sequence>();
    for (int i = 0; i < running.size(); i++) {
      if (running.get(i).missing() > 1 && mayJoin(running.get(i))) {
        prefills.add(running.get(i));
      }
    }
    occupancy.policy().sortPrefills(prefills);
    for (int i = 0; i < prefills.size() && step.tokensLeft() > 0; i++) {
      step.add(prefills.get(i));
    }
  }

  /**
   * Gives what nobody else can use of the step to running sequences that yield to one that cannot
   * be let in. They rob nobody, and as long as they yield the pages that they take can be had back.
   */
  private void addSpare(StepBuilder step) {
    RunningList running = occupancy.running();
    for (int i = 0; i < running.size() && step.tokensLeft() > 0; i++) {
      Sequence sequence = running.get(i);
      if (!sequence.isInStep() && occupancy.growFreely(sequence)) {
        step.addSpare(sequence);
      }
    }
  }

  private boolean mayJoin(Sequence running) {
    return !running.isInStep() && !occupancy.policy().yields(running);
  }

  private void addAdmissions(StepBuilder step, Nanos now) {
    while (step.tokensLeft() > 0) {
      Sequence admitted = occupancy.admitNext(now);
      if (admitted == null) {
        return;
      }
      step.add(admitted);
    }
  }

  private static void serve(Sequence sequence, Nanos now) {
    boolean spare = sequence.isSpare();
    int gained = sequence.leaveStep();
    if (spare) {
      sequence.tenant().serveSpare(gained, now);
    } else {
      sequence.tenant().serve(gained, now);
    }
  }

  private Optional<Refusal> overdue(Sequence sequence, Nanos now) {
    Nanos deadline = sequence.deadline();
    if (deadline != null && now.compareTo(deadline) > 0) {
      return Optional.of(
          Refusal.of(
              ErrorCode.DEADLINE_EXCEEDED,
              "the deadline passed after %d tokens of output".formatted(sequence.outputs())));
    }
    if (!sequence.isParked()) {
      return Optional.empty();
    }
    Nanos span = now.minus(sequence.parkedSince());
    return span.compareTo(limits.slowReaderMax()) > 0
        ? Optional.of(tooSlow(span))
        : Optional.empty();
  }

  private Refusal tooSlow(Nanos span) {
    return Refusal.of(
        ErrorCode.READER_TOO_SLOW,
        String.format(
            Locale.ROOT,
            "the reader took no token for %.1f s, at most %.1f s are allowed; read faster or raise"
                + " tributary.streaming.slow-reader-max",
            span.seconds(),
            limits.slowReaderMax().seconds()));
  }

  private void take(PromptNews news, Sequence sequence, List<TokenEvent> events) {
    switch (news) {
      case PromptNews.Scores scores ->
          sequence
              .tell(scores)
              .forEach(part -> events.add(new TokenEvent.PromptRead(sequence.id(), part)));
      case PromptNews.State state -> {
        sequence.settleDraw();
        end(sequence);
        events.add(new TokenEvent.PromptRead(sequence.id(), state));
        events.add(new TokenEvent.Finished(sequence.id(), FinishReason.STOP, sequence.usage()));
      }
    }
  }

  private void take(StepResult.Drawn drawn, Sequence sequence, Nanos now, List<TokenEvent> events) {
    int index = sequence.outputs();
    FinishReason ending = sequence.append(drawn.token());
    sequence.settleDraw();
    events.add(
        new TokenEvent.Token(sequence.id(), index, drawn.token(), drawn.logprob(), drawn.top()));
    if (ending != null) {
      end(sequence);
      events.add(new TokenEvent.Finished(sequence.id(), ending, sequence.usage()));
    } else if (!sequence.hasCredit()) {
      occupancy.park(sequence, now);
    }
  }

  /** A sequence that a step is computing keeps its pages until the step has completed. */
  private void end(Sequence sequence) {
    sequences.remove(sequence.id());
    occupancy.remove(sequence);
    sequence.become(Sequence.State.ENDED);
    if (!sequence.isInStep()) {
      bury(sequence);
    }
  }

  private void bury(Sequence sequence) {
    occupancy.releasePages(sequence);
    sequence.tenant().left();
  }

  /** Kept for good: what a tenant was given counts when it comes back. */
  private Tenant tenant(DeltaId delta) {
    return tenants.computeIfAbsent(delta, id -> new Tenant(id, TenantTerms.DEFAULT));
  }
}
