package tributary.actors;

import tributary.protocol.DeltaId;

/** Brings variants into memory. Its methods block; any thread may call them. */
interface DeltaStore {
  /**
   * Reads, verifies and loads a variant. The caller owes one {@link #unload} for each success.
   *
   * @throws tributary.protocol.TributaryException when the variant is unknown or its file is bad
   */
  LoadedDelta load(DeltaId id);

  /** Frees a loading that no step uses any more. */
  void unload(LoadedDelta delta);
}
