package tributary.gpu.vector;

import java.util.Optional;
import tributary.gpu.Backend;

/** The backend on the Vector API. */
public final class VectorBackend {
  private VectorBackend() {}

  /** Why this backend cannot be used here, if it cannot. */
  public static Optional<String> refusal() {
    return Optional.of("not part of this build yet");
  }

  /**
   * @param threads that compute, the caller's included
   * @param reason why it was chosen
   */
  public static Backend create(int threads, String reason) {
    throw new UnsupportedOperationException();
  }
}
