package tributary.actors;

import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.scheduling.residency.DeltaTerms;
import tributary.scheduling.residency.Footprint;
import tributary.scheduling.residency.Shelf;

/** Brings variants into memory. Its methods block; any thread may call them. */
interface DeltaStore {
  /**
   * What a variant is right now.
   *
   * @param version changes when the variant is to be served from another file
   * @param footprint what it takes; nothing for the base
   */
  record Described(DeltaId id, String version, Footprint footprint, DeltaTerms terms) {}

  /**
   * Looks a variant up.
   *
   * @throws tributary.protocol.TributaryException when it is unknown, or its file is no delta
   */
  Described describe(DeltaId id);

  /**
   * Reads, verifies and loads a variant at a width. The caller owes one {@link #unload} for each
   * success.
   *
   * @param number of the loading
   * @throws tributary.protocol.TributaryException when its file is bad or no longer there
   */
  LoadedDelta load(Described delta, long number, int width);

  /** Brings what one width needs beyond another; may run beside steps. */
  void raise(LoadedDelta delta, int from, int to);

  /** Serves a loading at a width that is there; between steps only. */
  void serveAt(LoadedDelta delta, int width);

  /** The width that a loading is served at. */
  int width(LoadedDelta delta);

  /** Frees a loading that no step uses any more. */
  void unload(LoadedDelta delta);

  /** How long the parts of a load took. */
  default LoadPhases phases(LoadedDelta delta) {
    return LoadPhases.NONE;
  }

  /** What is kept in RAM of variants that are not loaded. */
  default Shelf.Load shelf() {
    return new Shelf.Load(Bytes.ZERO, 0, 0, 0, 0);
  }
}
