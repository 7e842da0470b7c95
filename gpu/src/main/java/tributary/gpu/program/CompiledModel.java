package tributary.gpu.program;

import tributary.gpu.KvShape;

/** A base in the memory of a device, with the program of its steps. */
public interface CompiledModel extends AutoCloseable {
  /** Loads a tenant's differences; from any thread, also while steps run. */
  CompiledTenant tenant(TenantOperands differences);

  /** Takes memory for steps: activations, and the keys and values of {@code shape}. */
  CompiledSteps steps(KvShape shape);

  /**
   * Loads everything again, its tenants included, after a step failed with {@code device_failed}:
   * the device's memory is lost. Keys and values are lost for good.
   *
   * @throws tributary.protocol.TributaryException {@code device_failed} when the device stays
   *     broken: after an access to memory that is not there, only a new process can use it again
   */
  void restart();

  @Override
  void close();
}
