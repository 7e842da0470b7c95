package tributary.model;

import java.nio.file.Path;
import tributary.protocol.Bytes;

/** One tenant's whole difference to a base, in a backend's memory and ready to serve. */
public final class ResidentDelta implements AutoCloseable {
  /** The empty difference: serves the base itself. */
  public static ResidentDelta none() {
    throw new UnsupportedOperationException();
  }

  /**
   * Opens, verifies and loads a delta file; refuses one that was taken from another base.
   *
   * @throws tributary.protocol.TributaryException {@code wrong_base}, {@code delta_checksum}, ...
   */
  public static ResidentDelta load(Path file, BaseModel base) {
    throw new UnsupportedOperationException();
  }

  /** Rows of the tenant's head: the base's vocabulary and what the tenant added. */
  public int vocabularySize() {
    throw new UnsupportedOperationException();
  }

  public Bytes size() {
    throw new UnsupportedOperationException();
  }

  /** Must not be called while a forward pass uses it. */
  @Override
  public void close() {}
}
