package tributary.compression.quality;

import java.util.Map;
import java.util.SortedSet;
import tributary.tensor.TensorView;
import tributary.tensor.container.TensorSource;

/** Tensors that somebody else owns, some of them exchanged for others. */
record Borrowed(TensorSource original, Map<String, TensorView> exchanged) implements TensorSource {
  @Override
  public SortedSet<String> names() {
    return original.names();
  }

  @Override
  public TensorView tensor(String name) {
    TensorView instead = exchanged.get(name);
    return instead == null ? original.tensor(name) : instead;
  }

  @Override
  public void close() {}
}
