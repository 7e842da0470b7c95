package tributary.compression.calibration;

import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.TensorSource;

/** A checkpoint in memory, whose tensors can be exchanged. */
record MapSource(Map<String, TensorView> tensors) implements TensorSource {
  static MapSource copyOf(Checkpoint checkpoint) {
    Map<String, TensorView> tensors = new TreeMap<>();
    for (String name : checkpoint.names()) {
      TensorView tensor = checkpoint.tensor(name);
      tensors.put(name, TensorView.of(tensor.shape(), tensor.toFloats()));
    }
    return new MapSource(tensors);
  }

  MapSource with(String name, TensorView tensor) {
    Map<String, TensorView> changed = new TreeMap<>(tensors);
    changed.put(name, tensor);
    return new MapSource(changed);
  }

  @Override
  public SortedSet<String> names() {
    return new TreeSet<>(tensors.keySet());
  }

  @Override
  public TensorView tensor(String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  @Override
  public void close() {}
}
