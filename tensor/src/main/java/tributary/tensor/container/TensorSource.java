package tributary.tensor.container;

import java.util.SortedSet;
import tributary.tensor.TensorView;

/**
 * Named tensors, as a file, a sharded checkpoint or memory holds them. Views die with the owner.
 */
public interface TensorSource extends AutoCloseable {
  /** Names in ascending order. */
  SortedSet<String> names();

  /**
   * The tensor of this name.
   *
   * @throws tributary.protocol.TributaryException {@code missing_tensor} when there is none
   */
  TensorView tensor(String name);

  @Override
  void close();
}
