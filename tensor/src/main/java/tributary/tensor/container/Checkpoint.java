package tributary.tensor.container;

import java.nio.file.Path;
import java.util.SortedSet;
import tributary.tensor.TensorView;

/**
 * The weights of a Hugging Face model directory: {@code model.safetensors}, or the shards that
 * {@code model.safetensors.index.json} names. Pickle files are refused with the reason.
 */
public final class Checkpoint implements TensorSource {
  public static Checkpoint open(Path directory) {
    throw new UnsupportedOperationException();
  }

  /**
   * Lower-case hexadecimal SHA-256 that identifies the weights: over the sorted names, each with
   * its type, shape and the SHA-256 of its bytes. Independent of sharding. Computed once.
   */
  public String fingerprint() {
    throw new UnsupportedOperationException();
  }

  @Override
  public SortedSet<String> names() {
    throw new UnsupportedOperationException();
  }

  @Override
  public TensorView tensor(String name) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
