package tributary.scheduling.residency;

import org.jspecify.annotations.Nullable;
import tributary.protocol.Bytes;
import tributary.protocol.Nanos;

/** What is known of one delta. */
final class Entry {
  private final DeltaKey key;
  private final Footprint footprint;
  private final long order;
  private DeltaTerms terms;

  private int widthInRam;
  private int widthOnDevice;
  private @Nullable DeltaMove move;
  private boolean broken;
  private boolean paused;
  private int users;
  private @Nullable Nanos wantedSince;
  private boolean modest;
  private Nanos hotSince = Nanos.ZERO;
  private long uses;
  private double rank;

  Entry(DeltaKey key, Footprint footprint, DeltaTerms terms, long order) {
    this.key = key;
    this.footprint = footprint;
    this.terms = terms;
    this.order = order;
  }

  DeltaKey key() {
    return key;
  }

  Footprint footprint() {
    return footprint;
  }

  /** Tells entries apart that are alike otherwise. */
  long order() {
    return order;
  }

  boolean isPinned() {
    return terms.pinned();
  }

  void agree(DeltaTerms next) {
    terms = next;
  }

  /** The least width at which it is served. */
  int floor() {
    return Math.min(terms.floor(), footprint.widths());
  }

  Bytes floorSize() {
    return footprint.at(floor());
  }

  int width(Place place) {
    return switch (place) {
      case RAM -> widthInRam;
      case DEVICE -> widthOnDevice;
    };
  }

  void width(Place place, int width) {
    switch (place) {
      case RAM -> widthInRam = width;
      case DEVICE -> widthOnDevice = width;
    }
  }

  boolean isReady() {
    return width(Place.DEVICE) >= floor();
  }

  @Nullable DeltaMove move() {
    return move;
  }

  void move(@Nullable DeltaMove next) {
    move = next;
  }

  /** Whether its last raise failed, so that none is tried before somebody asks for it anew. */
  boolean isBroken() {
    return broken;
  }

  void broken(boolean is) {
    broken = is;
  }

  /** Whether it is to stay at its width once it can be served, so that raises disturb nobody. */
  boolean isPaused() {
    return paused;
  }

  void paused(boolean is) {
    paused = is;
  }

  int users() {
    return users;
  }

  void countUser(int change) {
    users += change;
    if (users < 0) {
      throw new AssertionError("delta %s is left by one that did not use it".formatted(key));
    }
  }

  @Nullable Nanos wantedSince() {
    return wantedSince;
  }

  void wanted(@Nullable Nanos since) {
    wantedSince = since;
  }

  /** Whether it takes no memory from one that is needed, however long it waits. */
  boolean isModest() {
    return modest;
  }

  void modest(boolean is) {
    modest = is;
  }

  /** Whether somebody uses it or waits for it, or it is to be there in any case. */
  boolean isNeeded() {
    return users > 0 || wantedSince != null || terms.pinned();
  }

  boolean isIdle() {
    return users == 0 && wantedSince == null && move == null;
  }

  Nanos hotSince() {
    return hotSince;
  }

  void hotSince(Nanos now) {
    hotSince = now;
  }

  /** Worth of keeping it: a greater one is evicted later. */
  double rank() {
    return rank;
  }

  /** Was used once more, when the last one evicted had the rank {@code base}. */
  void use(double base, Bytes loadOverhead) {
    uses++;
    double size = Math.max(1, footprint.at(footprint.widths()).count());
    rank = base + uses * (1 + loadOverhead.count() / size);
  }

  void forgetUses() {
    uses = 0;
  }

  Tier tier() {
    if (isReady()) {
      return Tier.HOT;
    }
    if (move != null && move.raises()) {
      return move.place() == Place.DEVICE && width(Place.RAM) > 0 ? Tier.PROMOTING : Tier.WARMING;
    }
    return width(Place.RAM) > 0 ? Tier.WARM : Tier.COLD;
  }
}
