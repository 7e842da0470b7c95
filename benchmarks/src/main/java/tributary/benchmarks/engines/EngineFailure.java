package tributary.benchmarks.engines;

import java.io.IOException;

/** An engine's process that could not be started, failed, or gave no answer in time. */
public final class EngineFailure extends IOException {
  private static final long serialVersionUID = 1;

  EngineFailure(String message) {
    super(message);
  }
}
