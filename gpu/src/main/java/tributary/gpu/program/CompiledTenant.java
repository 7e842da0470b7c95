package tributary.gpu.program;

import tributary.protocol.Bytes;

/** One tenant's differences in the memory of a device, ready for steps. */
public interface CompiledTenant extends AutoCloseable {
  /** Bytes of device memory that it takes. */
  Bytes size();

  /**
   * Takes over the widths that its matrices have been set to. Must not be called while a step runs.
   */
  void widthsChanged();

  /** Must not be called while a step uses it. */
  @Override
  void close();
}
