package tributary.gpu.cuda;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.Supplier;
import tributary.gpu.cuda.driver.CudaException;
import tributary.gpu.cuda.driver.Driver;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** A device with the kernels of this build and the means to move matrices to it. */
final class CudaDevice implements AutoCloseable {
  private final Driver driver;
  private final Function<Driver, Kernels> loader;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private final Lock stepping = new ReentrantLock();
  private final PinnedMemory pinned;
  private Kernels kernels;
  private Uploader uploader;
  private FusedLinear linear = new FusedLinear();

  private CudaDevice(Driver driver, Function<Driver, Kernels> loader) {
    this.driver = driver;
    this.loader = loader;
    this.pinned = new PinnedMemory(driver);
    this.kernels = loader.apply(driver);
    this.uploader = new Uploader(driver, kernels, pinned);
  }

  /** Takes over the driver. */
  static CudaDevice open(Driver driver) {
    return open(driver, Kernels::load);
  }

  /** Takes over the driver; kernels are loaded into it again whenever it begins anew. */
  static CudaDevice open(Driver driver, Function<Driver, Kernels> loader) {
    return new CudaDevice(driver, loader);
  }

  /** Works with the device while it cannot be restarted; failures get a code and a cure. */
  <T> T using(Supplier<T> work) {
    return locked(lock.readLock(), work);
  }

  /**
   * Works with the device while no other step does: blocks of a launch wait for each other, and two
   * launches would each wait for room that the other holds.
   */
  void alone(Runnable step) {
    stepping.lock();
    try {
      using(() -> {
        step.run();
        return true;
      });
    } finally {
      stepping.unlock();
    }
  }

  /** Begins anew, then loads what was on the device, while nobody works with it. */
  void restart(Runnable load) {
    locked(
        lock.writeLock(),
        () -> {
          driver.reset();
          pinned.forget();
          kernels = loader.apply(driver);
          uploader = new Uploader(driver, kernels, pinned);
          linear = new FusedLinear();
          load.run();
          return true;
        });
  }

  private static <T> T locked(Lock held, Supplier<T> work) {
    held.lock();
    try {
      return work.get();
    } catch (CudaException e) {
      throw e.isOutOfMemory()
          ? new TributaryException(
              ErrorCode.DEVICE_MEMORY,
              "the device is out of memory (%s); lower device.kv-memory or load fewer variants"
                  .formatted(e.getMessage()),
              e)
          : new TributaryException(
              ErrorCode.DEVICE_FAILED,
              "the device failed (%s); its memory is lost and what ran on it ends; ask again, and start the process anew if this repeats"
                  .formatted(e.getMessage()),
              e);
    } finally {
      held.unlock();
    }
  }

  Driver driver() {
    return driver;
  }

  Kernels kernels() {
    return kernels;
  }

  PinnedMemory pinned() {
    return pinned;
  }

  Uploader uploader() {
    return uploader;
  }

  FusedLinear linear() {
    return linear;
  }

  @Override
  public void close() {
    uploader.close();
    kernels.close();
    driver.close();
  }
}
