package tributary.scheduling;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Nanos;

/** Decides who is let in next and who gives way; owns the line of those that wait. */
interface Policy {
  /** What a policy may ask about places. */
  interface Places {
    /** Whether a tenant has as many running sequences as it may have. */
    boolean isCapped(Tenant tenant);

    /** Whether a delta is in the batch, or there is a place for it that nobody runs in. */
    boolean hasFreePlace(Tenant tenant);

    /** The same, or those who {@link #yields yield} hold one. */
    boolean hasPlace(Tenant tenant);
  }

  void stand(Sequence sequence, Nanos now);

  /** A sequence leaves the line, admitted or not. */
  void leave(Sequence sequence);

  /** Takes note of how things are; comes before each round of questions. */
  void look(Places places, Nanos now);

  /** Who must be let in before anybody else; null when nobody that waits may be. */
  @Nullable Sequence next(Places places, Nanos now);

  /**
   * Whether a running sequence gets only what is left of the step when everybody else has been
   * thought of, and loses its pages to the next in line if need be.
   */
  default boolean yields(Sequence running) {
    return false;
  }

  /** A sequence has left the line and holds pages now. */
  default void admitted(Sequence sequence) {}

  /** Puts those that still read their prompts in the order in which they share a step. */
  default void sortPrefills(List<Sequence> prefills) {}

  static Policy of(PolicyChoice choice, int tokensPerStep) {
    return switch (choice) {
      case PolicyChoice.FirstCome _ -> new FirstComePolicy();
      case PolicyChoice.LineSkipping skipping -> new LineSkippingPolicy(skipping);
      case PolicyChoice.Fair fair -> new FairPolicy(fair, tokensPerStep);
    };
  }
}
