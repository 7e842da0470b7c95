package tributary.scheduling;

import tributary.protocol.DeltaId;
import tributary.protocol.Nanos;

/** What the scheduler keeps for one variant: counts, what it was given, what it is entitled to. */
final class Tenant {
  /** Virtual time that a token takes at weight 1; divisible by most weights. */
  private static final long TOKEN = 720_720;

  private final DeltaId id;
  private TenantTerms terms;
  private final TokenBucket rate = new TokenBucket();

  private int sequences;
  private int holders;
  private int running;
  private int stepSlices;
  private int stepNext = -1;

  private long due;
  private long spare;
  private long virtualTime;
  private Nanos servedAt = Nanos.ZERO;

  Tenant(DeltaId id, TenantTerms terms) {
    this.id = id;
    this.terms = terms;
  }

  DeltaId id() {
    return id;
  }

  TenantTerms terms() {
    return terms;
  }

  void agree(TenantTerms next) {
    terms = next;
  }

  TokenBucket rate() {
    return rate;
  }

  // Sequences.

  int sequences() {
    return sequences;
  }

  void joined() {
    sequences++;
  }

  void left() {
    sequences--;
  }

  /** Sequences that hold KV pages or have a place to hold them, running and parked. */
  int holders() {
    return holders;
  }

  int running() {
    return running;
  }

  /** Sequences without pages, which wait or whose readers do. */
  int outside() {
    return sequences - holders;
  }

  void countHolders(int change) {
    holders += change;
  }

  void countRunning(int change) {
    running += change;
  }

  // Service.

  /** Tokens given so far that were due, each divided by its time's weight, in an arbitrary unit. */
  long virtualTime() {
    return virtualTime;
  }

  void virtualTime(long time) {
    virtualTime = time;
  }

  /** What so many tokens are in virtual time at weight 1. */
  static long virtually(int tokens) {
    return Math.multiplyExact(tokens, TOKEN);
  }

  void serve(int tokens, Nanos now) {
    due += tokens;
    virtualTime += virtually(tokens) / terms.weight();
    take(tokens, now);
  }

  /** Gives it what nobody else could use: that costs it nothing of its share. */
  void serveSpare(int tokens, Nanos now) {
    spare += tokens;
    take(tokens, now);
  }

  private void take(int tokens, Nanos now) {
    servedAt = now;
    rate.charge(terms, tokens, now);
  }

  Scheduler.Service service() {
    return new Scheduler.Service(due, spare);
  }

  Nanos servedAt() {
    return servedAt;
  }

  // Places in the step under construction: first counted, then handed out, then forgotten.

  void countSlice() {
    stepSlices++;
  }

  boolean hasPlaces() {
    return stepNext >= 0;
  }

  /** Reserves this delta's run of slices; returns the index behind it. */
  int reservePlaces(int first) {
    stepNext = first;
    return first + stepSlices;
  }

  int takePlace() {
    return stepNext++;
  }

  void forgetStep() {
    stepSlices = 0;
    stepNext = -1;
  }
}
