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
import tributary.protocol.Refusal;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;

/**
 * Decides what the next device step runs. Owns no clock, thread, file or random source.
 *
 * <p>A sequence is tokens catching up: known tokens (prompt and output) minus computed ones are
 * what it misses, and a step gives it some of them. There is no prefill mode and no decode mode.
 *
 * <p>Used by one thread at a time; a plan may be computed on another while this goes on.
 */
public final class Scheduler {
  private final SchedulerLimits limits;
  private final Entrance entrance;
  private final Occupancy occupancy;
  private final Map<RequestId, Sequence> sequences = new LinkedHashMap<>();
  private final Map<DeltaId, Tenant> tenants = new HashMap<>();
  private List<Sequence> inStep = List.of();
  private long steps;

  public Scheduler(SchedulerLimits limits) {
    this.limits = limits;
    entrance = new Entrance(limits);
    occupancy = new Occupancy(limits);
  }

  /**
   * Takes a sequence into the queue, or says why not.
   *
   * @param credit output tokens that the reader can take now; see {@link #credit}
   */
  public Optional<Refusal> arrived(GenerationRequest request, int credit, Nanos now) {
    if (sequences.containsKey(request.id())) {
      return Optional.of(
          Refusal.of(
              ErrorCode.INVALID_REQUEST,
              "request %s is already here; an id names one sequence".formatted(request.id())));
    }
    int inside = occupancy.holders();
    Nanos retryAfter = occupancy.waiting().retryAfter();
    Optional<Refusal> refusal =
        entrance.refusal(request, sequences.size() - inside, inside, retryAfter);
    if (refusal.isPresent()) {
      return refusal;
    }
    Tenant tenant = tenants.computeIfAbsent(request.model(), _ -> new Tenant());
    tenant.joined();
    var sequence = new Sequence(request, tenant, entrance.outputMax(request));
    sequences.put(request.id(), sequence);
    sequence.raiseCredit(credit);
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
    Sequence sequence = sequences.get(request);
    if (sequence != null) {
      end(sequence);
    }
  }

  /** From now on arrivals are refused; sequences that are here go on to their ends. */
  public void refuseArrivals() {
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
    if (!inStep.isEmpty()) {
      throw new IllegalStateException("step " + steps + " has not completed yet");
    }
    if (!hasWork()) {
      return new StepPlan(steps, List.of());
    }
    var step = new StepBuilder(limits.tokensPerStep());
    addDecodes(step, now);
    addPrefills(step);
    addAdmissions(step, now);
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
        end(sequence);
        events.add(new TokenEvent.Failed(sequence.id(), failure.refusal()));
      }
    }
    for (Sequence sequence : inStep) {
      sequence.leaveStep();
      if (sequence.state() == Sequence.State.ENDED) {
        bury(sequence);
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
    return events;
  }

  /** Ends sequences that have been parked for longer than the limit; to be called now and then. */
  public List<TokenEvent> expire(Nanos now) {
    var slow = new ArrayList<Sequence>();
    for (Sequence sequence : sequences.values()) {
      if (sequence.state() == Sequence.State.PARKED
          && now.minus(sequence.parkedSince()).compareTo(limits.slowReaderMax()) > 0) {
        slow.add(sequence);
      }
    }
    var events = new ArrayList<TokenEvent>(slow.size());
    for (Sequence sequence : slow) {
      Nanos span = now.minus(sequence.parkedSince());
      end(sequence);
      events.add(new TokenEvent.Failed(sequence.id(), tooSlow(span)));
    }
    return events;
  }

  /** The ids of all sequences that have not ended, in the order of their arrival. */
  public List<RequestId> live() {
    return List.copyOf(sequences.keySet());
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
        occupancy.pagesUsed(),
        occupancy.preemptions());
  }

  /**
   * Running sequences that miss exactly their last token. Growing may rob others, but only behind
   * the one that grows, which are not in the step yet.
   */
  private void addDecodes(StepBuilder step, Nanos now) {
    RunningList running = occupancy.running();
    for (int i = 0; i < running.size(); i++) {
      Sequence sequence = running.get(i);
      if (sequence.missing() == 1 && occupancy.grow(sequence, now)) {
        step.add(sequence);
      }
    }
  }

  /** Running sequences that miss more; they have all their pages since they were admitted. */
  private void addPrefills(StepBuilder step) {
    RunningList running = occupancy.running();
    for (int i = 0; i < running.size() && step.tokensLeft() > 0; i++) {
      if (running.get(i).missing() > 1) {
        step.add(running.get(i));
      }
    }
  }

  private void addAdmissions(StepBuilder step, Nanos now) {
    while (step.tokensLeft() > 0 && occupancy.admitFirst(now)) {
      step.add(occupancy.running().latest());
    }
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
    Tenant tenant = sequence.tenant();
    tenant.left();
    if (tenant.sequences() == 0) {
      tenants.remove(sequence.request().model());
    }
  }
}
