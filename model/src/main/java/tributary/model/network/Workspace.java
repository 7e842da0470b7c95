package tributary.model.network;

import java.util.HashMap;
import java.util.Map;
import tributary.gpu.Activations;
import tributary.gpu.Backend;

/**
 * Activations that are used again from step to step: one matrix a name, replaced when a step has
 * another number of rows. Holds no more than the last step needed.
 */
public final class Workspace implements AutoCloseable {
  private final Backend backend;
  private final Map<String, Activations> byName = new HashMap<>();

  public Workspace(Backend backend) {
    this.backend = backend;
  }

  /** The matrix of this name with this extent; its content is whatever was there. */
  public Activations activations(String name, int rows, int columns) {
    Activations known = byName.get(name);
    if (known != null && known.rows() == rows && known.columns() == columns) {
      return known;
    }
    if (known != null) {
      byName.remove(name);
      known.close();
    }
    Activations made = backend.activations(rows, columns);
    byName.put(name, made);
    return made;
  }

  @Override
  public void close() {
    byName.values().forEach(Activations::close);
    byName.clear();
  }
}
