package tributary.model;

import tributary.gpu.KvCache;
import tributary.model.ForwardPass.LogitsSink;

/** One way to compute a step that has been laid out. */
interface Pass extends AutoCloseable {
  KvCache cache();

  /** Whether it can hand out states, which only some backends bring back. */
  boolean tellsStates();

  void run(BatchLayout layout, LogitsSink sink);

  @Override
  void close();
}
