package tributary.model;

import java.nio.file.Path;
import tributary.gpu.Backend;

/** A whole model in a backend's memory: the base of all tenants, or a fine-tune on its own. */
public final class BaseModel implements AutoCloseable {
  /** Opens the directory's checkpoint, checks every tensor's presence and shape, and loads it. */
  public static BaseModel load(Path directory, Backend backend) {
    throw new UnsupportedOperationException();
  }

  public ModelConfig config() {
    throw new UnsupportedOperationException();
  }

  /** See {@link tributary.tensor.container.Checkpoint#fingerprint()}; computed at the first call. */
  public String fingerprint() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
