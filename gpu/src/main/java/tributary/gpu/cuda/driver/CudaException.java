package tributary.gpu.cuda.driver;

/** A call of the CUDA driver, or of a library on it, that failed. */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int OUT_OF_MEMORY = 2;
  private static final int DEVICE_UNAVAILABLE = 46;
  private static final int ECC_UNCORRECTABLE = 214;
  private static final int ILLEGAL_ADDRESS = 700;
  private static final int CONTEXT_IS_DESTROYED = 709;
  private static final int ASSERT = 710;
  private static final int HARDWARE_STACK_ERROR = 714;
  private static final int LAUNCH_FAILED = 719;
  private static final int LAUNCH_TIMEOUT = 702;

  private final int status;

  /**
   * @param call of the driver, with its operands
   * @param name of the status, as CUDA's headers have it
   */
  public CudaException(String call, int status, String name) {
    super("%s: %s (%d)".formatted(call, name, status));
    this.status = status;
  }

  public boolean isOutOfMemory() {
    return status == OUT_OF_MEMORY;
  }

  /** True when nothing more can be computed until the device's context is made anew. */
  public boolean breaksContext() {
    return status == ILLEGAL_ADDRESS
        || status == LAUNCH_TIMEOUT
        || status == CONTEXT_IS_DESTROYED
        || status == ASSERT
        || (status >= HARDWARE_STACK_ERROR && status <= LAUNCH_FAILED)
        || status == DEVICE_UNAVAILABLE
        || status == ECC_UNCORRECTABLE;
  }
}
